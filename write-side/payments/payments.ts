import type { Charge, ChargeState } from './contract.ts';

/** The outcome of a charge. `unknown`: it may have been made. `unavailable`: certainly not made. */
export type ChargeOutcome = 'approved' | 'declined' | 'unknown' | 'unavailable';

/** The calls to a payment provider. */
export type Payments = {
  /** Takes money, at most once for a key. Never rejects. */
  charge(key: string, charge: Omit<Charge, 'currency'>): Promise<ChargeOutcome>;
  /**
   * Returns the state of a charge, or undefined for a key that the provider never got.
   * @throws Error when the provider does not answer
   */
  find(key: string): Promise<ChargeState | undefined>;
  /**
   * Refunds a charge, if there was one, and refuses a later one under the key.
   * @returns whether money was taken
   * @throws Error when the provider does not answer
   */
  undo(key: string): Promise<boolean>;
  /** `open`: calls fail at once; `half-open`: the next call decides. */
  circuit(): 'closed' | 'half-open' | 'open';
};

/** The needs of the steps of a command that takes a payment. */
export type PayingOptions = {
  payments: Pick<Payments, 'charge' | 'find' | 'circuit'>;
  /** Milliseconds until the command is answered with 202. The payment continues. */
  answerWithinMs: number;
  /** The most payments that one process takes at a time. Further commands are refused. */
  maxPayments: number;
};

/** Takes a payment, and looks an unknown outcome up. Never rejects. */
export const takePayment = async (
  payments: Pick<Payments, 'charge' | 'find'>,
  key: string,
  charge: Omit<Charge, 'currency'>,
): Promise<ChargeOutcome> => {
  const outcome = await payments.charge(key, charge);
  if (outcome !== 'unknown') return outcome;
  const found = await payments.find(key).catch(() => undefined);
  return found?.state === 'approved' || found?.state === 'declined' ? found.state : 'unknown';
};
