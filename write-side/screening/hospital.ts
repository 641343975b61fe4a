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

/**
 * A hospital's days: each has at most one slot. A slot claims its day before it opens. If it then never opens, or is
 * deleted, the next claim takes the day over, once that slot's stream has yielded it for good (YieldDay).
 */
export const hospital = decider(screening, {
  stream: 'hospital-{hospitalId}',
  initialState,

  evolve: {
    DayClaimed: ({ slots }, { hospitalName, date, slotId }) => ({ hospitalName, slots: slots.set(date, slotId) }),
  },

  commands: {
    ClaimDay: {
      decide: ({ over, ...claim }, { hospitalName = claim.hospitalName, slots }) => {
        if (claim.hospitalName !== hospitalName) return refuse('hospital-name-differs', `it is ${hospitalName}`);
        const holder = slots.get(claim.date);
        if (holder === claim.slotId) return [];
        return holder === over ? [{ type: 'DayClaimed', data: claim }] : alreadyOpen(holder!);
      },
    },
  },

  scope: ({ hospitalName }) => (hospitalName === undefined ? undefined : { hospitalName }),
  snapshotVersion: 1,
});
