import { type Hold, holdKey } from '../../../schemas/cinema.ts';
import type { Payments } from './client.ts';

/** The data of a planned task: the payment for a hold. */
type Payment = Hold & { customerId: string; title: string; amount: number };

type Command = { type: string; data: object };

/**
 * Handles a command.
 * @throws Error when it is not known whether the command was done
 */
export type Dispatch = (command: Command) => Promise<'done' | 'refused'>;

/** Attempts to ask the provider about a held seat. Then the seat is released, even if no attempt was answered. */
const PATIENCE = 3;

/**
 * Performs the tasks of payments. A task may be repeated: the provider recognises the key, and the stream of the
 * payment keeps the first outcome.
 * - `settle`: a seat was held for too long. Records the provider's outcome. An unknown payment is declined, and undone
 *   so that it can't be charged later.
 * - `undo`: the payment must not stand. Refunds what was charged.
 * @throws Error when the task must be performed again later
 */
export const performPayments =
  (payments: Pick<Payments, 'find' | 'undo'>) =>
  async (
    { task, data, attempts }: { task: string; data: object; attempts: number },
    dispatch: Dispatch,
  ): Promise<void> => {
    const payment = data as Payment;
    const key = holdKey(payment);
    if (task === 'undo') {
      await dispatch({ type: 'RecordRefund', data: { ...payment, charged: await payments.undo(key) } });
      return;
    }
    const state = await payments.find(key).then(
      (found) => found?.state,
      (error) => {
        if (attempts < PATIENCE) throw error;
        return undefined;
      },
    );
    if (state === 'approved') {
      await dispatch({ type: 'ApprovePayment', data: payment });
      return;
    }
    const reason = state === 'declined' ? 'declined' : 'timed-out';
    await dispatch({ type: 'DeclinePayment', data: { ...payment, reason } });
  };
