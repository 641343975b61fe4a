import type { BikeRentalCommand, BikeRentalEvent } from '../../schemas/bike-rental.ts';
import {
  type CommandSteps,
  type Dispatch,
  type DispatchOutcome,
  later,
  type Settled,
  type StepsByCommand,
} from '../kernel/command-steps.ts';
import { refuse } from '../kernel/decider.ts';
import { type PayingOptions, takePayment } from '../payments/payments.ts';
import { chargeKey } from './charges.ts';

type Data<Type extends BikeRentalCommand['type']> = Extract<BikeRentalCommand, { type: Type }>['data'];
type DataOf<Type extends BikeRentalEvent['type']> = Extract<BikeRentalEvent, { type: Type }>['data'];

/** Reads the settings for a decision of another stream. */
const withSettings: CommandSteps['prepare'] = async (_data, dispatch) => {
  const settings = await dispatch({ type: 'ReadSettings', data: {} });
  return settings.kind === 'done' ? { ...settings.read } : 'unavailable';
};

const rentBike: CommandSteps<Data<'RentBike'>> = {
  prepare: withSettings,
  onlyReads: () => true,
  // A rental does not depend on billing: a deposit that cannot be read refuses nothing.
  async check({ bikeId, rentalId, userId }, dispatch) {
    const debts = await dispatch({ type: 'CheckDebts', data: { userId } });
    if (debts.kind !== 'refused') return undefined;
    // A repeat of an earlier rental is answered with its current state.
    const checked = await dispatch({ type: 'CheckRentalId', data: { bikeId, rentalId } });
    return checked.kind === 'done' ? debts.refusal : undefined;
  },
};

/** Looks up whether users may return bikes to the location. */
const returnBike: CommandSteps<Data<'ReturnBike'>> = {
  async prepare({ location }, dispatch) {
    const checked = await dispatch({ type: 'CheckLocation', data: { location } });
    return checked.kind === 'unavailable' ? checked.kind : { isStation: checked.kind === 'done' };
  },
  onlyReads: () => true,
};

/** Answers a charge that was made. The events are missing when another process had recorded it. */
const answered = (approved: DispatchOutcome): Settled => {
  if (approved.kind === 'refused') return approved;
  if (approved.kind === 'unavailable') return later;
  const [event] = approved.events as readonly BikeRentalEvent[];
  if (event?.type !== 'DepositCharged') return later;
  const { balance, outstanding } = event.data;
  return { ...approved, body: { status: 'charged', balance, outstanding } };
};

/** Takes the payment of a charge and records its outcome. An unknown outcome leaves the charge pending. */
const settleCharge = async (
  requested: DataOf<'ChargeRequested'>,
  { method, token }: NonNullable<Data<'ChargeDeposit'>['payment']>,
  payments: PayingOptions['payments'],
  dispatch: Dispatch,
): Promise<Settled> => {
  const { userId, chargeId, charge, amount } = requested;
  const data = { userId, chargeId, charge, amount };
  const key = chargeKey(data);
  // With its own id a repeated request gets the balance that the first one led to.
  const approve = async () => answered(await dispatch({ type: 'ApproveCharge', data, commandId: `approve ${key}` }));

  const checked = await dispatch({ type: 'CheckCharge', data });
  if (checked.kind === 'unavailable') return later;
  if (checked.kind === 'refused') return checked.refusal.refused === 'payment-declined' ? checked : approve();

  const outcome = await takePayment(payments, key, { amount, method, token });
  if (outcome === 'unknown') return later;
  if (outcome === 'approved') return approve();
  const declined = await dispatch({ type: 'DeclineCharge', data: { ...data, reason: outcome } });
  if (declined.kind !== 'done') return later;
  return { kind: 'refused', refusal: refuse(outcome === 'declined' ? 'payment-declined' : 'payment-unavailable') };
};

const chargeDeposit = ({
  payments,
  answerWithinMs,
  maxPayments,
}: PayingOptions): CommandSteps<Data<'ChargeDeposit'>> => ({
  settleWithin: answerWithinMs,
  limit: { most: maxPayments, refusal: refuse('too-many-payments', `${maxPayments} are being taken`) },
  async check({ userId, chargeId, payment }, dispatch) {
    if (!payment || payments.circuit() !== 'open') return undefined;
    // A repeat of an earlier charge needs no payment: it is answered with its current state.
    const checked = await dispatch({ type: 'CheckChargeId', data: { userId, chargeId } });
    return checked.kind === 'done' ? refuse('payment-unavailable') : undefined;
  },
  async settle({ payment }, events, dispatch) {
    const [event] = events as readonly BikeRentalEvent[];
    if (!payment || event?.type !== 'ChargeRequested') return { kind: 'as-decided' };
    return settleCharge(event.data, payment, payments, dispatch);
  },
});

export const bikeRentalSteps = (options: PayingOptions): StepsByCommand => ({
  RentBike: rentBike,
  ReturnBike: returnBike,
  ReportCondition: { prepare: withSettings, onlyReads: () => true },
  ChargeDeposit: chargeDeposit(options),
});
