import { type CinemaCommand, type CinemaEvent, schema as cinema } from '../../schemas/cinema.ts';
import { plus } from '../../schemas/kernel/calendar.ts';
import { ImmutableMap } from '../kernel/collections.ts';
import { type Decision, decider, refuse } from '../kernel/decider.ts';
import { noPastIds, type PastIds, recall, remember } from '../kernel/past-ids.ts';

type Event<Type extends CinemaEvent['type']> = Extract<CinemaEvent, { type: Type }>;
type Data<Type extends CinemaCommand['type']> = Extract<CinemaCommand, { type: Type }>['data'];

/** The time for which a showing has the hall: until its end and the cleaning after it. */
type Slot = { showingId: string; from: string; until: string };

/** `over`: the showing took place, as far as the hall knows. */
type Ending = 'refused' | 'freed' | 'over';

type State = {
  slots: ImmutableMap<string, Slot>;
  /** The slots that ended last. A repeated command finds its outcome here. */
  ended: PastIds<Ending>;
};

/** Ended slots that a hall remembers, at least. */
const REMEMBERED = 1_000;

const initialState: State = { slots: ImmutableMap(), ended: noPastIds(REMEMBERED) };

/** A hall and its showings, of which no two overlap. */
export const hall = decider(cinema, {
  stream: 'hall-{hallId}',
  initialState,

  evolve: {
    HallBooked: (state, { slot, showingId, startsAt, until, bookedAt }) => {
      const { slots, ended } = withoutPast(state, bookedAt);
      return { slots: slots.set(slot, { showingId, from: startsAt, until }), ended };
    },
    HallRefused: (state, { slot }) => ({ ...state, ended: remember(state.ended, slot, 'refused') }),
    HallFreed: (state, { slot }) => endedSlot(state, slot, 'freed'),
  },

  commands: {
    BookHall: { decide: (data, state, { now }) => book(data, state, now) },

    CheckHall: {
      decide: ({ slot }, { slots, ended }) => {
        const how = recall(ended, slot);
        if (how === 'refused') return refuse('hall-in-use', 'another showing has the hall at that time');
        return slots.has(slot) || how ? [] : refuse('showing-not-found');
      },
    },

    FreeHall: {
      decide: (data, { slots, ended }) => {
        const isWithdrawnLate = data.withdrawnAt && recall(ended, data.slot) === 'over';
        return slots.has(data.slot) || isWithdrawnLate ? [{ type: 'HallFreed', data }] : [];
      },
    },
  },

  snapshotVersion: 1,
});

const endedSlot = ({ slots, ended }: State, slot: string, how: Ending): State => ({
  slots: slots.delete(slot),
  ended: remember(ended, slot, how),
});

/** Ends the slots that are over, so that a hall's state stays small. */
const withoutPast = (state: State, now: string): State =>
  [...state.slots]
    .filter(([, { until }]) => until <= now)
    .reduce((before, [slot]) => endedSlot(before, slot, 'over'), state);

const book = (
  data: Data<'BookHall'>,
  { slots, ended }: State,
  now: string,
): Decision<Event<'HallBooked'> | Event<'HallRefused'>> => {
  const { hallId, showingId, movieId, slot, startsAt, runningTime, cleaning } = data;
  if (slots.has(slot) || recall(ended, slot)) return [];
  const until = plus(startsAt, { minutes: runningTime + cleaning });
  const isTaken = slots.count((other) => other.from < until && startsAt < other.until) > 0;
  return isTaken
    ? [{ type: 'HallRefused', data: { hallId, showingId, movieId, slot } }]
    : [{ type: 'HallBooked', data: { ...data, until, bookedAt: now } }];
};
