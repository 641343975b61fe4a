import { type Hold, holdKey } from '../../../schemas/cinema.ts';
import type { Payments } from './client.ts';

/** What a payment is for, as the schedule keeps it. */
type Payment = Hold & { customerId: string; title: string; amount: number };

type Command = { type: string; data: object };

/**
 * Handles a command.
 * @throws Error when it is not known whether the command was done
 */
export type Dispatch = (command: Command) => Promise<'done' | 'refused'>;

/** How often the provider is asked about a held seat before it is released with the provider still away. */
const PATIENCE = 3;

/**
 * Does what the payments' schedule asks for. Each step may come again: the provider knows the key, and the payment's
 * stream takes the first outcome it is told.
 * - `settle`: a seat was held for long; its payment is looked for and recorded. Whatever the provider does not know
 *   of is declined, and undone so that it can't be charged later.
 * - `undo`: the payment must not stand; what was charged is given back.
 * @throws Error to be called again later
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
