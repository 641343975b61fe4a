import type { BikeRentalCommand, BikeRentalEvent } from '../../schemas/bike-rental.ts';
import { OrderedSet } from '../kernel/collections.ts';
import { type Decider, type Decision, type DecisionInput, refuse, unreachable } from '../kernel/decider.ts';
import {
  byRevision,
  byTime,
  type HandledEvent,
  type HandledEvents,
  handle,
  nothingHandled,
  restoreHandled,
  type SavedHandledEvents,
  saveHandled,
  wasHandled,
} from '../kernel/handled-events.ts';
import { remember } from './once.ts';

type Event = Extract<BikeRentalEvent, { type: 'PointsAwarded' | 'PointsConverted' }>;
type Command = Extract<BikeRentalCommand, { type: 'AwardPoints' | 'ConvertPoints' }>;

type State = {
  points: number;
  /** The reports that earned points. */
  handled: HandledEvents;
  /** The ids of the latest conversions, oldest first. */
  conversions: OrderedSet<string>;
};

/** The points that a condition report earns. */
export const POINTS_PER_REPORT = 1_000;

type Award = { bikeId: string; reportId: string; reportedAt: string; bikeRevision?: string | undefined };

/** The names of the report that an award follows, the best first. */
const reportOf = ({ bikeId, reportId, reportedAt, bikeRevision }: Award): HandledEvent[] => [
  ...(bikeRevision === undefined ? [] : [byRevision(`bike-${bikeId}`, bikeRevision)]),
  byTime('reports', `report ${bikeId}.${reportId}`, reportedAt),
];

const evolve = (state: State, event: Event): State => {
  switch (event.type) {
    case 'PointsAwarded':
      return { ...state, points: event.data.total, handled: handle(state.handled, reportOf(event.data)[0]!) };
    case 'PointsConverted': {
      const { total, conversionId } = event.data;
      return { ...state, points: total, conversions: remember(state.conversions, conversionId) };
    }
    default:
      return unreachable(event);
  }
};

const decide = (command: Command, state: State, { now }: DecisionInput): Decision<Event> => {
  switch (command.type) {
    case 'AwardPoints': {
      if (wasHandled(state.handled, reportOf(command.data))) return [];
      const total = state.points + POINTS_PER_REPORT;
      return [{ type: 'PointsAwarded', data: { ...command.data, points: POINTS_PER_REPORT, total } }];
    }

    case 'ConvertPoints': {
      const { managerId, conversionId, userId, points } = command.data;
      if (state.conversions.has(conversionId)) return refuse('conversion-already-exists');
      if (points > state.points) return refuse('not-enough-points', `there are ${state.points}`);
      const total = state.points - points;
      return [{ type: 'PointsConverted', data: { managerId, conversionId, userId, points, convertedAt: now, total } }];
    }

    default:
      return unreachable(command);
  }
};

const answer = (command: Command, [event]: readonly Event[]): object => {
  if (event?.type !== 'PointsConverted') return command.data;
  const { managerId, conversionId, userId, points, total } = event.data;
  return { managerId, conversionId, userId, converted: points, points: total };
};

type Saved = { points: number; handled: SavedHandledEvents; conversions: string[] };

/** A manager's points: `manager-{managerId}`. */
export const manager: Decider<Command, Event, State> = {
  category: 'manager',
  commands: ['AwardPoints', 'ConvertPoints'],
  id: ({ managerId }) => managerId,
  initialState: { points: 0, handled: nothingHandled, conversions: OrderedSet() },
  evolve,
  decide,
  answer,
  size: ({ handled, conversions }) => handled.latest.size + handled.forgotten.size + conversions.size,
  snapshot: {
    version: 2,
    save: ({ points, handled, conversions }): Saved => ({
      points,
      handled: saveHandled(handled),
      conversions: conversions.toArray(),
    }),
    restore: ({ points, handled, conversions }: Saved): State => ({
      points,
      handled: restoreHandled(handled),
      conversions: OrderedSet(conversions),
    }),
  },
};
