import type { Perform } from '../policies/process.ts';
import type { Payments } from './payments.ts';

/** The idempotency key of a context's payments, and the commands that record their outcomes. */
export type PaymentRecords<Payment extends object> = {
  keyOf(payment: Payment): string;
  approve: string;
  /** With `reason`: `declined` or `timed-out`. */
  decline: string;
  /** With `charged`: whether money was taken. */
  undone: string;
};

/** Attempts to ask the provider about an open payment. Then it is declined, even if no attempt was answered. */
const PATIENCE = 3;

/**
 * Performs the tasks of payments. A task may be repeated: the provider recognises the key, and the stream of the
 * payment keeps the first outcome.
 * - `settle`: a payment was open for too long. Records the provider's outcome. An unknown payment is declined, and
 *   undone so that it can't be charged later.
 * - `undo`: the payment must not stand. Refunds what was charged.
 * @throws Error when the task must be performed again later
 */
export const performPayments =
  <Payment extends object>(
    payments: Pick<Payments, 'find' | 'undo'>,
    { keyOf, approve, decline, undone }: PaymentRecords<Payment>,
  ): Perform =>
  async ({ task, data, attempts }, dispatch) => {
    const key = keyOf(data as Payment);
    if (task === 'undo') {
      await dispatch({ type: undone, data: { ...data, charged: await payments.undo(key) } });
      return;
    }
    const state = await payments.find(key).then(
      (found) => found?.state,
      (error) => {
        if (attempts < PATIENCE) throw error;
        return undefined;
      },
    );
    await dispatch(
      state === 'approved'
        ? { type: approve, data }
        : { type: decline, data: { ...data, reason: state === 'declined' ? 'declined' : 'timed-out' } },
    );
  };
