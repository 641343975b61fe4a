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
import type { Refusal } from '../kernel/decider.ts';
import type { HospitalClaim, ReadClaims } from './hospital.ts';
import { settlingOf, takingOf } from './reschedule.ts';

type Data<Type extends ScreeningCommand['type']> = Extract<ScreeningCommand, { type: Type }>['data'];
type Command<Type extends ScreeningCommand['type']> = Extract<ScreeningCommand, { type: Type }>;
type Declining = Extract<ScreeningEvent, { type: 'RescheduleDeclined' }>['data']['reason'];

type Claim = Omit<Data<'ClaimDay'>, 'over'>;

type Dispatch = (command: ScreeningCommand & { asCaller?: true }) => Promise<DispatchOutcome>;

const SLOT = '/screening/slots/';

/** Returns the claims that refused another one: of its day, or, when it names the hospital otherwise, all of them. */
const claimsInTheWay = async (
  { existing }: Refusal,
  { hospitalId, date }: Claim,
  dispatch: Dispatch,
): Promise<readonly HospitalClaim[] | 'unavailable'> => {
  if (existing !== undefined) return [{ slotId: existing.slice(SLOT.length), date }];
  const found = await dispatch({ type: 'ReadClaims', data: { hospitalId } });
  return found.kind === 'done' ? (found.read as ReadClaims).claims : 'unavailable';
};

/**
 * Claims the day of the hospital before the slot opens. What other slots have claimed, but do not use, is taken over:
 * the day, or the name of the hospital. So a claim whose slot does not open is in nobody's way, and needs no `undo`.
 */
const openSlot: CommandSteps<Data<'OpenSlot'>> = {
  onlyReads: ({ hospitalId }) => hospitalId === undefined,
  async prepare({ hospitalId, hospitalName, date, slotId }, dispatch: Dispatch) {
    if (hospitalId === undefined) return undefined;
    const claim = { hospitalId, hospitalName, date, slotId };
    for (const over: HospitalClaim[] = []; ; ) {
      const day = refusalIn(await dispatch({ type: 'ClaimDay', data: { ...claim, over } }));
      if (day === undefined || day === 'unavailable') return day;
      const claims = await claimsInTheWay(day, claim, dispatch);
      if (claims === 'unavailable') return claims;
      for (const other of claims) {
        // A slot that is about to open gives up nothing.
        if (other.slotId === slotId) return { day };
        const refused = refusalIn(await dispatch({ type: 'YieldDay', data: { hospitalId, ...other } }));
        if (refused) return refused === 'unavailable' ? refused : { day };
        over.push(other);
      }
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
