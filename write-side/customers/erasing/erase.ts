import { isTransient } from '../../../platform/subscriptions/transient.ts';
import type { CustomersCommand } from '../../../schemas/customers.ts';
import type { CustomerErased } from '../../../schemas/kernel/personal.ts';
import type { CommandSteps, Dispatch, StepsByCommand } from '../../kernel/command-steps.ts';
import { type Refusal, refuse } from '../../kernel/decider.ts';
import type { Perform } from '../../policies/process.ts';
import type { Erasing, OpenThing } from '../../services.ts';
import type { Erasure } from '../contact.ts';

type Data = Extract<CustomersCommand, { type: 'EraseCustomer' }>['data'];

const stillOpen = (detail: string): Refusal => refuse('customer-has-open-reservations', detail);

/** Cancels what is open, after a trial of each. @returns a refusal when something cannot be cancelled */
const cancelAll = async (
  open: readonly OpenThing[],
  dispatch: Dispatch,
): Promise<Refusal | 'unavailable' | undefined> => {
  const fixed = open.find(({ cancel }) => cancel === undefined);
  if (fixed) return stillOpen(`${fixed.id} of ${fixed.view} cannot be cancelled`);
  for (const mode of [{ isTrial: true as const }, {}])
    for (const { view, id, cancel } of open) {
      const outcome = await dispatch({ ...cancel!, ...mode });
      if (outcome.kind === 'unavailable') return 'unavailable';
      if (outcome.kind === 'refused' && !ENDED.includes(outcome.refusal.refused))
        return stillOpen(`${id} of ${view}: ${outcome.refusal.refused}`);
    }
  return undefined;
};

/** The refusals of a command that would end what has ended meanwhile. */
const ENDED: readonly string[] = [
  'already-canceled',
  'already-completed',
  'hold-expired',
  'hold-ended',
  'offer-expired',
  'entry-ended',
  'order-out-of-sequence', // of CancelOrder: the time to accept the order is over
];

/** Makes ready what the decision needs: everything is cancelled, and the customer has a key to erase. */
const preparedFor = async (erasing: Erasing, { customerId, cancel }: Required<Data>, dispatch: Dispatch) => {
  const found = await erasing.find(customerId);
  if (!found) return 'unavailable';
  const { open } = found;
  if (open.length > 0) {
    if (!cancel)
      return { erasure: stillOpen(`${open.length} are open, the first is ${open[0]!.id} of ${open[0]!.view}`) };
    const refusal = await cancelAll(open, dispatch);
    if (refusal === 'unavailable') return refusal;
    if (refusal) return { erasure: refusal };
  }
  const latest = await erasing.latestKey(customerId);
  if (latest === undefined && !found.isKnown) return { erasure: refuse('customer-not-found') };
  return { erasure: { key: latest ?? (await erasing.makeKey(customerId)) } satisfies Erasure };
};

/**
 * Erases a customer: open reservations first, then CustomerErased, which names the key, then the key. After the end of
 * the process in between, the first reader of the event erases the key, and the process manager does the rest.
 */
const eraseCustomer = (erasing: Erasing): CommandSteps<Data> => ({
  async prepare({ customerId, cancel = false }, dispatch) {
    try {
      return await preparedFor(erasing, { customerId, cancel }, dispatch);
    } catch (error) {
      if (isTransient(error)) return 'unavailable';
      throw error;
    }
  },
  async settle({ customerId }, _events, dispatch) {
    const erased = await dispatch({ type: 'ReadErasure', data: { customerId } });
    if (erased.kind !== 'done') return { kind: 'later' };
    const { key } = (erased.read ?? {}) as { key?: string };
    if (key !== undefined) await erasing.eraseKey(customerId, key);
    return { kind: 'as-decided' };
  },
});

/** Returns the steps of the customers' commands. @param erasing undefined where nothing can be erased */
export const customersSteps = (erasing: Erasing | undefined): StepsByCommand =>
  erasing ? { EraseCustomer: eraseCustomer(erasing) } : {};

/** Returns what the process manager does after an erasure. */
export const completeErasure =
  (erasing: Erasing): Perform =>
  async ({ data }) => {
    const { customerId, key } = data as CustomerErased;
    await erasing.eraseKey(customerId, key);
    await erasing.eraseSnapshots(customerId);
  };
