import { OrderedSet } from 'immutable';
import type { BikeRentalCommand, BikeRentalEvent } from '../../schemas/bike-rental.ts';
import { type Decider, type Decision, type DecisionInput, refuse, unreachable } from '../kernel/decider.ts';
import { type Done, doneAlso, isDone, nothingDone, remember, restoreDone, type SavedDone, saveDone } from './once.ts';

type Event = Extract<BikeRentalEvent, { type: 'PointsAwarded' | 'PointsConverted' }>;
type Command = Extract<BikeRentalCommand, { type: 'AwardPoints' | 'ConvertPoints' }>;

type State = {
  points: number;
  /** The reports that earned points, by the report's full name. */
  reports: Done;
  /** The ids of the latest conversions, oldest first. */
  conversions: OrderedSet<string>;
};

/** What a manager earns with one condition report. */
export const POINTS_PER_REPORT = 1_000;

const reportName = ({ bikeId, reportId }: { bikeId: string; reportId: string }) => `${bikeId}.${reportId}`;

const evolve = (state: State, event: Event): State => {
  switch (event.type) {
    case 'PointsAwarded': {
      const { total, reportedAt } = event.data;
      return { ...state, points: total, reports: doneAlso(state.reports, reportName(event.data), reportedAt) };
    }
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
      const name = reportName(command.data);
      const done = isDone(state.reports, name, command.data.reportedAt);
      if (done === 'yes') return [];
      if (done === 'unknown') return refuse('too-old-to-tell', name);
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

type Saved = { points: number; reports: SavedDone; conversions: string[] };

/** A manager's points: `manager-{managerId}`. */
export const manager: Decider<Command, Event, State> = {
  category: 'manager',
  commands: ['AwardPoints', 'ConvertPoints'],
  id: ({ managerId }) => managerId,
  initialState: { points: 0, reports: nothingDone, conversions: OrderedSet() },
  evolve,
  decide,
  answer,
  snapshot: {
    version: 1,
    save: ({ points, reports, conversions }): Saved => ({
      points,
      reports: saveDone(reports),
      conversions: conversions.toArray(),
    }),
    restore: ({ points, reports, conversions }: Saved): State => ({
      points,
      reports: restoreDone(reports),
      conversions: OrderedSet(conversions),
    }),
  },
};
