import { type Done, get, type Problem, RefusedError, send } from '../../common/api.ts';
import { problemName } from '../../common/problems.ts';

/** Seats that are kept for the customer until they are paid: by a hold, or by an offer of the waiting list. */
export type Kept = { seats: readonly string[]; expiresAt: string; by: { holdId: string } | { entryId: string } };

/** Returns the seats that a hold keeps, by the answer to its request. */
export const heldBy = (seats: readonly string[], { body }: Done): Kept => {
  const { holdId, expiresAt } = body as { holdId: string; expiresAt: string };
  return { seats, expiresAt, by: { holdId } };
};

const PAYMENT_FAILURES: ReadonlySet<string> = new Set(['payment-declined', 'payment-unavailable']);

export const isPaymentFailure = (problem: Problem): boolean => PAYMENT_FAILURES.has(problemName(problem));

/** Whether the hold or the offer still keeps its seats. */
const isAlive = async (path: string, { by }: Kept): Promise<boolean> => {
  const { status } = await get<{ status: string }>(
    'holdId' in by ? `${path}/holds/${by.holdId}` : `${path}/waiting-list/${by.entryId}`,
  );
  return status === 'held' || status === 'offered';
};

/**
 * Keeps the seats of a payment that failed, so that another card can be tried: the failure may have used up what kept
 * them.
 * @param path of the showing
 * @returns undefined when they are not kept any more, and somebody else was faster
 */
export const keepAgain = async (path: string, customerId: string, kept: Kept): Promise<Kept | undefined> => {
  try {
    const { seats } = kept;
    return heldBy(seats, await send('POST', `${path}/holds`, { customerId, places: seats.length, seats }));
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    return (await isAlive(path, kept).catch(() => false)) ? kept : undefined;
  }
};
