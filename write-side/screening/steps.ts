import { defined } from '../../schemas/kernel/defined.ts';
import type { ScreeningCommand, ScreeningEvent } from '../../schemas/screening.ts';
import {
  type CommandSteps,
  type DispatchOutcome,
  later,
  refusalIn,
  type Settled,
  type StepsByCommand,
} from '../kernel/command-steps.ts';
import { settlingOf, takingOf } from './reschedule.ts';

type Data<Type extends ScreeningCommand['type']> = Extract<ScreeningCommand, { type: Type }>['data'];
type Command<Type extends ScreeningCommand['type']> = Extract<ScreeningCommand, { type: Type }>;
type Declining = Extract<ScreeningEvent, { type: 'RescheduleDeclined' }>['data']['reason'];

type Dispatch = (command: ScreeningCommand & { asCaller?: true }) => Promise<DispatchOutcome>;

const SLOT = '/screening/slots/';

/** Claims the day of the hospital before the slot opens. A day that a slot has, but does not use, is taken over. */
const openSlot: CommandSteps<Data<'OpenSlot'>> = {
  async check(data, dispatch: Dispatch) {
    const { hospitalId, hospitalName, date, slotId } = data;
    if (hospitalId === undefined) return undefined;
    const checked = await dispatch({ type: 'CheckSlot', data });
    // The command itself distinguishes a repeat of the opening from another one.
    if (checked.kind === 'refused' && checked.refusal.refused === 'slot-already-opened') return undefined;
    if (checked.kind !== 'done') return refusalIn(checked);
    for (let over: { over?: string } = {}; ; ) {
      const claim = { hospitalId, hospitalName, date, slotId, ...over };
      const claimed = await dispatch({ type: 'ClaimDay', data: claim });
      if (claimed.kind === 'done') return undefined;
      if (claimed.kind === 'unavailable') return 'unavailable';
      const holder = claimed.refusal.existing?.slice(SLOT.length);
      if (holder === undefined) return claimed.refusal;
      const yielded = await dispatch({ type: 'YieldDay', data: { slotId: holder, hospitalId, date } });
      if (yielded.kind !== 'done') return refusalIn(yielded);
      over = { over: holder };
    }
  },
};

const rescheduleBooking: CommandSteps<Data<'RescheduleBooking'>> = {
  async check({ fromSlotId, bookingId, slotId, at }, dispatch: Dispatch) {
    if (slotId === fromSlotId) return undefined;
    // Without an open booking of the caller's, the command itself is refused: that says nothing about the other slot.
    const booking = { slotId: fromSlotId, bookingId };
    const found = await dispatch({ type: 'CheckBooking', data: booking, asCaller: true });
    if (found.kind !== 'done') return undefined;
    const checked = await dispatch({ type: 'CheckPlaces', data: { slotId, ...defined({ at }) } });
    return checked.kind === 'refused' ? checked.refusal : undefined;
  },
  async settle({ slotId, bookingId }, events, dispatch: Dispatch) {
    for (const { type, data } of events as readonly ScreeningEvent[]) {
      if (type === 'RescheduleRequested') return move(takingOf(data), dispatch);
      if (type === 'ScreeningBooked' && data.from) return outcomeOf(slotId, bookingId, data.from, dispatch);
    }
    return later;
  },
};

const move = async (taking: Command<'TakeRescheduled'>, dispatch: Dispatch): Promise<Settled> => {
  const { slotId, bookingId, from } = taking.data;
  if ((await dispatch(taking)).kind !== 'done') return later;
  const outcome = await outcomeOf(slotId, bookingId, from, dispatch);
  if (outcome.kind === 'later') return later;
  const declined = outcome.kind === 'refused' ? { reason: outcome.refusal.refused as Declining } : {};
  for (const settling of settlingOf({ slotId, bookingId, from, ...declined })) {
    const settled = await dispatch(settling);
    if (settled.kind !== 'done') return later;
    if (outcome.kind === 'done') return { ...outcome, position: settled.position };
  }
  return outcome;
};

/** The answer comes from the stream of the new slot, because the policy may be faster. */
const outcomeOf = async (
  slotId: string,
  bookingId: string,
  from: Data<'CheckRescheduled'>['from'],
  dispatch: Dispatch,
): Promise<Settled> => {
  const checked = await dispatch({ type: 'CheckRescheduled', data: { slotId, bookingId, from } });
  if (checked.kind === 'unavailable') return later;
  return checked.kind === 'refused' && checked.refusal.refused === 'reschedule-pending' ? later : checked;
};

/** The steps of the commands that reach beyond one slot. */
export const steps: StepsByCommand = { OpenSlot: openSlot, RescheduleBooking: rescheduleBooking };
