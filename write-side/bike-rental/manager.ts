import { schema as bikeRental, defaults } from '../../schemas/bike-rental.ts';
import { decider, refuse } from '../kernel/decider.ts';
import { byTime, type HandledEvents, handle, namesOf, nothingHandled, wasHandled } from '../kernel/handled-events.ts';
import { noPastIds, type PastIds, recall, remember } from '../kernel/past-ids.ts';

type State = {
  points: number;
  /** The reports that earned points. */
  handled: HandledEvents;
  /** The latest conversions. */
  conversions: PastIds<true>;
};

const initialState: State = { points: 0, handled: nothingHandled, conversions: noPastIds() };

/** A manager's points. */
export const manager = decider(bikeRental, {
  stream: 'manager-{managerId}',
  initialState,

  evolve: {
    PointsAwarded: (state, data) => ({
      ...state,
      points: data.total,
      handled: handle(state.handled, reportOf(data)[0]!),
    }),
    PointsConverted: (state, { total, conversionId }) => ({
      ...state,
      points: total,
      conversions: remember(state.conversions, conversionId, true),
    }),
  },

  commands: {
    AwardPoints: {
      decide: ({ points: earned = defaults.perReport, ...data }, { points, handled }) =>
        wasHandled(handled, reportOf(data))
          ? []
          : [{ type: 'PointsAwarded', data: { ...data, points: earned, total: points + earned } }],
    },

    ConvertPoints: {
      decide: (data, { points, conversions }, { now }) => {
        if (recall(conversions, data.conversionId)) return refuse('conversion-already-exists');
        if (data.points > points) return refuse('not-enough-points', `there are ${points}`);
        return [{ type: 'PointsConverted', data: { ...data, convertedAt: now, total: points - data.points } }];
      },
      answer: ({ points, ...data }, [event]) => ({
        ...data,
        converted: points,
        points: event?.type === 'PointsConverted' ? event.data.total : 0,
      }),
    },
  },

  snapshotVersion: 4,
});

type Award = { bikeId: string; reportId: string; reportedAt: string; bikeRevision?: string | undefined };

/** The names of the report that an award follows. */
const reportOf = ({ bikeId, reportId, reportedAt, bikeRevision }: Award) =>
  namesOf(`bike-${bikeId}`, bikeRevision, byTime('reports', `report ${bikeId}.${reportId}`, reportedAt));
