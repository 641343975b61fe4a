import type { ChargeState } from '../../../write-side/payments/contract.ts';
import type { ChargeOutcome, Payments } from '../../../write-side/payments/payments.ts';
import type { Network } from '../network.ts';
import type { Process } from '../scheduler.ts';

/** The record of a key at the provider, which charges and refunds each key once. */
export type Account = ChargeState & { amount: number };

/** A payment provider that keeps its accounts whatever happens to the processes. */
export type SimulatedPayments = {
  readonly accounts: ReadonlyMap<string, Account>;
  /** Returns the connection of a process. The client's own retries and circuit are left out. */
  connectionOf(process: Process): Payments;
};

/** A request that names this token is declined. */
export const DECLINED = 'decline';

export const createPayments = (network: Network): SimulatedPayments => {
  const accounts = new Map<string, Account>();

  const charge = (key: string, amount: number, token: string): Account => {
    const known = accounts.get(key);
    if (known) return known;
    const isApproved = token !== DECLINED;
    const made: Account = { state: isApproved ? 'approved' : 'declined', charged: isApproved, amount };
    accounts.set(key, made);
    return made;
  };

  const undo = (key: string): Account => {
    const { charged = false, amount = 0 } = accounts.get(key) ?? {};
    const undone: Account = { state: 'undone', charged, amount };
    accounts.set(key, undone);
    return undone;
  };

  return {
    accounts,
    connectionOf(process) {
      const call = <Answer>(what: string, execute: () => Answer) =>
        network.call(process, `provider: ${what}`, execute, () => new Error('the provider does not answer'));
      return {
        charge: (key, { amount, token }) =>
          call(`charge ${key}`, () => charge(key, amount, token)).then(
            ({ state }): ChargeOutcome => (state === 'undone' ? 'declined' : state),
            (): ChargeOutcome => 'unknown',
          ),
        find: (key) => call(`find ${key}`, () => accounts.get(key)),
        undo: async (key) => (await call(`undo ${key}`, () => undo(key))).charged,
        circuit: () => 'closed',
      };
    },
  };
};
