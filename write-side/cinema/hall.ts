import { schema as cinema, schedulingOf } from '../../schemas/cinema.ts';
import { plus } from '../../schemas/kernel/calendar.ts';
import { ImmutableMap } from '../kernel/collections.ts';
import { decider, refuse } from '../kernel/decider.ts';
import { noPastIds, type PastIds, recall, remember } from '../kernel/past-ids.ts';

/** The time for which a showing has the hall: until its end and the cleaning after it. */
type Slot = { showingId: string; from: string; until: string };

/** `over`: the showing took place, as far as the hall knows. */
type Ending = 'refused' | 'freed' | 'over';

type State = {
  slots: ImmutableMap<string, Slot>;
  /** The slots of schedulings whose showings moved, each with the end of its last slot. */
  moved: ImmutableMap<string, string>;
  /** The slots that ended last. A repeated command finds its outcome here. */
  ended: PastIds<Ending>;
};

const initialState: State = { slots: ImmutableMap(), moved: ImmutableMap(), ended: noPastIds() };

/** A hall and its showings, of which no two overlap. */
export const hall = decider(cinema, {
  stream: 'hall-{hallId}',
  initialState,

  evolve: {
    HallBooked: (state, data) => kept(state, data),
    HallRebooked: (state, data) => kept(state, data),
    HallRefused: (state, { slot }) => ({ ...state, ended: remember(state.ended, slot, 'refused') }),
    HallFreed: (state, { slot, movedTo, withdrawnAt }) => {
      const until = movedTo === undefined ? undefined : state.slots.get(movedTo)?.until;
      const freed = endedSlot(state, slot, 'freed');
      if (withdrawnAt !== undefined) return { ...freed, moved: freed.moved.delete(slot) };
      return until === undefined ? freed : { ...freed, moved: freed.moved.set(schedulingOf(slot), until) };
    },
  },

  commands: {
    BookHall: {
      decide: (data, { slots, ended }, { now }) => {
        const { hallId, showingId, movieId, slot } = data;
        if (slots.has(slot) || recall(ended, slot)) return [];
        if (isTaken(slots, data)) return [{ type: 'HallRefused', data: { hallId, showingId, movieId, slot } }];
        return [{ type: 'HallBooked', data: { ...data, until: endOf(data), bookedAt: now } }];
      },
    },

    CheckHall: {
      decide: ({ slot }, { slots, ended }) => {
        const how = recall(ended, slot);
        if (how === 'refused') return inUse;
        return slots.has(slot) || how ? [] : refuse('showing-not-found');
      },
    },

    CheckHallTime: {
      decide: ({ showingId, ...time }, { slots }) => (isTaken(slots, time, showingId) ? inUse : []),
    },

    RebookHall: {
      decide: ({ runningTime, cleaning, ...data }, { slots, ended }, { now }) => {
        const { slot, showingId, startsAt } = data;
        const own = slots.get(slot);
        if (own?.from === startsAt) return [];
        if (own || recall(ended, slot)) return refuse('hall-unavailable', 'another move has not ended yet');
        if (startsAt <= now) return refuse('too-late', 'a showing starts in the future');
        const time = { startsAt, runningTime, cleaning };
        if (isTaken(slots, time, showingId)) return inUse;
        return [{ type: 'HallRebooked', data: { ...data, until: endOf(time), bookedAt: now } }];
      },
    },

    FreeHall: {
      decide: (data, { slots, moved, ended }) => {
        // A showing that moved, or took place, is withdrawn under the slot of its scheduling.
        const isWithdrawn = data.withdrawnAt && (moved.has(data.slot) || recall(ended, data.slot) === 'over');
        return slots.has(data.slot) || isWithdrawn ? [{ type: 'HallFreed', data }] : [];
      },
    },
  },

  snapshotVersion: 2,
});

const inUse = refuse('hall-in-use', 'another showing has the hall at that time');

type Kept = { slot: string; showingId: string; startsAt: string; until: string; bookedAt: string };

const kept = (state: State, { slot, showingId, startsAt, until, bookedAt }: Kept): State => {
  const { slots, ...rest } = withoutPast(state, bookedAt);
  return { ...rest, slots: slots.set(slot, { showingId, from: startsAt, until }) };
};

type Time = { startsAt: string; runningTime: number; cleaning: number };

const endOf = ({ startsAt, runningTime, cleaning }: Time): string =>
  plus(startsAt, { minutes: runningTime + cleaning });

/** Returns whether a showing has the hall at a time. @param except a showing that does not count */
const isTaken = (slots: State['slots'], time: Time, except?: string): boolean => {
  const until = endOf(time);
  return slots.count((other) => other.showingId !== except && other.from < until && time.startsAt < other.until) > 0;
};

const endedSlot = ({ slots, moved, ended }: State, slot: string, how: Ending): State => ({
  moved,
  slots: slots.delete(slot),
  ended: remember(ended, slot, how),
});

/** Ends the slots that are over, so that a hall's state stays small. */
const withoutPast = (state: State, now: string): State => {
  const left = [...state.moved].filter(([, until]) => until <= now).map(([slot]) => slot);
  const moved = left.reduce((before, slot) => before.delete(slot), state.moved);
  return [...state.slots]
    .filter(([, { until }]) => until <= now)
    .reduce((before, [slot]) => endedSlot(before, slot, 'over'), { ...state, moved });
};
