import { schema as screening } from '../../schemas/screening.ts';
import { ImmutableMap } from '../kernel/collections.ts';
import { decider, refuse } from '../kernel/decider.ts';
import { alreadyOpen } from './screening-slot.ts';

type State = {
  hospitalName: string | undefined;
  /** The slot that got each day. */
  slots: ImmutableMap<string, string>;
};

const initialState: State = { hospitalName: undefined, slots: ImmutableMap() };

/** A day that a slot has. */
export type HospitalClaim = { date: string; slotId: string };

/** The days that slots have, earliest first, so that slots in use come before one that is about to open. */
export type ReadClaims = { claims: readonly HospitalClaim[] };

/**
 * A hospital's days: each has at most one slot. A slot claims its day before it opens. If it then never opens, or is
 * deleted, the next claim takes the day over, once that slot's stream has yielded it for good (YieldDay). A hospital is
 * known by another name only when all its slots have yielded.
 */
export const hospital = decider(screening, {
  stream: 'hospital-{hospitalId}',
  initialState,

  evolve: {
    DayClaimed: ({ slots }, { hospitalName, date, slotId }) => ({ hospitalName, slots: slots.set(date, slotId) }),
  },

  commands: {
    ClaimDay: {
      decide: ({ over = [], ...claim }, { hospitalName = claim.hospitalName, slots }) => {
        const isSameName = claim.hospitalName === hospitalName;
        const hasYielded = (slotId: string, day: string) =>
          over.some((yielded) => yielded.slotId === slotId && yielded.date === day);
        if (!isSameName && slots.count((slotId, day) => !hasYielded(slotId, day)) > 0)
          return refuse('hospital-name-differs', `it is ${hospitalName}`);
        const holder = slots.get(claim.date);
        if (holder === claim.slotId && isSameName) return [];
        return holder === undefined || hasYielded(holder, claim.date)
          ? [{ type: 'DayClaimed', data: claim }]
          : alreadyOpen(holder);
      },
    },

    ReadClaims: {
      decide: () => [],
      read: ({ slots }): ReadClaims => ({
        claims: [...slots]
          .map(([date, slotId]) => ({ date, slotId }))
          .sort((one, other) => (one.date < other.date ? -1 : 1)),
      }),
    },
  },

  scope: ({ hospitalName }) => (hospitalName === undefined ? undefined : { hospitalName }),
  snapshotVersion: 1,
});
