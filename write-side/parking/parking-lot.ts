import { plus } from '../../schemas/kernel/calendar.ts';
import { defined } from '../../schemas/kernel/defined.ts';
import {
  CANCELLATIONS_PER_COMMAND,
  DEFAULT_HOLD_FOR,
  OFFERS_PER_COMMAND,
} from '../../schemas/kernel/limited-places.ts';
import { MAX_MONEY } from '../../schemas/kernel/money.ts';
import { settingsAfter, withoutNull } from '../../schemas/kernel/settings.ts';
import { type ParkingCommand, type ParkingEvent, schema as parking, REASONS, spots } from '../../schemas/parking.ts';
import { ImmutableMap } from '../kernel/collections.ts';
import { type DecisionInput, dataOf, decider, notDue, type Refusal, refuse } from '../kernel/decider.ts';
import { keptIn, limitedPlaces, noPlaces, type Places, usePlaces } from '../kernel/limited-places.ts';
import { noPastIds, type PastIds, recall, remember } from '../kernel/past-ids.ts';
import { noTexts, type SortedTexts, textsBefore, withoutText, withText } from '../kernel/sorted-texts.ts';

type Message = ParkingCommand | ParkingEvent;
type Data<Type extends Message['type']> = Extract<Message, { type: Type }>['data'];

type Settings = Omit<Data<'LotChanged'>, 'lotId' | 'name' | 'unset'>;

/** A reservation that has a spot, with what was fixed when it was made. */
type Reservation = Pick<
  Data<'ParkingReserved'>,
  'customerId' | 'carNumber' | 'amount' | 'coupon' | 'arriveBy' | 'cancelBy' | 'paidHours' | 'overtimePrice'
> & { arrivedAt?: string };

type State = {
  status: 'unregistered' | 'open' | 'closed';
  name: string;
  spots: number;
  settings: Settings;
  places: Places;
  /** By reservation id. */
  open: ImmutableMap<string, Reservation>;
  /** The number of open reservations whose car has arrived. */
  arrived: number;
  /** When open reservations without an arrival expire: `{arriveBy} {reservationId}`. */
  arrivals: SortedTexts;
  /** Open reservations by car. Old streams may have two of one car, made before {@link carOf} normalised numbers. */
  cars: ImmutableMap<string, number>;
  /** The redemptions of coupons that were settled last, by {@link redemptionKey}. */
  redemptions: PastIds<'used' | 'unused'>;
  /** The reservations that ended last. */
  ended: PastIds<{ customerId: string; how: 'canceled' | 'completed' }>;
};

type Redemption = NonNullable<Reservation['coupon']>;

/** A coupon that is redeemed for the reservation of a command: `coupon` of the decision's `prepared`. */
export type RedeemedCoupon = Redemption & { customerId: string; value: number };

const initialState: State = {
  status: 'unregistered',
  name: '',
  spots: 0,
  settings: {},
  places: noPlaces,
  open: ImmutableMap(),
  arrived: 0,
  arrivals: noTexts,
  cars: ImmutableMap(),
  redemptions: noPastIds(),
  ended: noPastIds(),
};

const closed = refuse('lot-closed');

const kept = limitedPlaces(spots, {
  unreserved: ({ status, spots, open }: State) => (status === 'open' ? spots - open.size : 0),
  holdFor: ({ settings: { holdFor = DEFAULT_HOLD_FOR } }) => holdFor,
  refusal: ({ status }) => (status === 'closed' ? closed : undefined),
  messageFields: ({ name }) => ({ lotName: name }),
});

/** The rules of a lot, without the ends of what is due. */
const rules = decider(parking, {
  stream: 'parkingLot-{lotId}',
  initialState,

  evolve: {
    ...kept.evolve,
    LotRegistered: (lot, { lotId: _, name, spots, ...settings }) => ({ ...lot, status: 'open', name, spots, settings }),
    LotChanged: (lot, { lotId: _, name = lot.name, ...settings }) => ({
      ...lot,
      name,
      settings: settingsAfter(lot.settings, settings),
    }),
    LotSpotsChanged: (lot, { spots }) => ({ ...lot, spots }),
    LotClosed: (lot) => ({ ...lot, status: 'closed' }),
    ParkingReserved: (lot, { lotId: _, reservationId, holdId, entryId, ...data }) => {
      const { lotName: _name, discount: _discount, couponValue: _value, couponDays: _days, ...reservation } = data;
      return {
        ...lot,
        places: usePlaces(lot.places, { holdId, entryId }, 1),
        open: lot.open.set(reservationId, reservation),
        arrivals: withArrival(lot.arrivals, reservationId, reservation),
        cars: withCar(lot.cars, reservation.carNumber),
        redemptions: settledAs(lot.redemptions, reservation.coupon, 'used'),
      };
    },
    ReservationDiscounted: (lot, { reservationId, amount, coupon }) => ({
      ...lot,
      open: lot.open.update(reservationId, (reservation) => reservation && { ...reservation, amount, coupon }),
      redemptions: settledAs(lot.redemptions, coupon, 'used'),
    }),
    CouponUnused: (lot, coupon) => ({ ...lot, redemptions: settledAs(lot.redemptions, coupon, 'unused') }),
    ReservationCanceled: (lot, { reservationId }) => end(lot, reservationId, 'canceled'),
    CarArrived: (lot, { reservationId, arrivedAt }) => {
      const reservation = lot.open.get(reservationId);
      if (!reservation) return lot;
      return {
        ...lot,
        open: lot.open.set(reservationId, { ...reservation, arrivedAt }),
        arrived: lot.arrived + 1,
        arrivals: withoutArrival(lot.arrivals, reservationId, reservation),
      };
    },
    CarDeparted: (lot, { reservationId }) => end(lot, reservationId, 'completed'),
  },

  missing: {
    is: ({ status }) => status === 'unregistered',
    problem: 'lot-not-found',
    unless: ['RegisterLot', 'SettleCoupon', 'ExpireReservation', 'SettleSpots'],
  },

  commands: {
    ...kept.commands,

    RegisterLot: {
      decide: (data, { status }) =>
        status === 'unregistered' ? [{ type: 'LotRegistered', data }] : refuse('lot-already-registered'),
      ended: (_data, { status }) => (status === 'closed' ? closed : undefined),
      answer: (data) => ({ ...data, status: 'open' }),
    },

    ChangeLot: {
      decide: ({ lotId, spots, name, ...settings }, lot) => {
        if (lot.status === 'closed') return closed;
        const taken = lot.open.size + keptIn(lot.places);
        if (spots !== undefined && spots < taken)
          return refuse('spots-below-reserved', `${taken} are reserved, held or offered`);
        const changed = {
          ...(name === undefined || name === lot.name ? {} : { name }),
          ...changeOf(lot.settings, settings),
        };
        return [
          ...(spots === undefined || spots === lot.spots
            ? []
            : [{ type: 'LotSpotsChanged' as const, data: { lotId, spots } }]),
          ...(Object.keys(changed).length === 0 ? [] : [{ type: 'LotChanged' as const, data: { lotId, ...changed } }]),
        ];
      },
      answer: withoutNull,
    },

    CloseLot: {
      decide: ({ lotId }, lot) => {
        if (lot.status === 'closed') return closed;
        const ends = endings(lotId, lot);
        const remaining = lot.open.size - lot.arrived + kept.open(lot) - ends.length;
        return [{ type: 'LotClosed', data: { lotId, remaining } }, ...ends];
      },
      answer: ({ lotId }) => ({ lotId, status: 'closed' }),
    },

    CancelRemainingReservations: {
      decide: ({ lotId }, lot) => (lot.status === 'closed' ? endings(lotId, lot) : []),
      answer: ({ lotId }) => ({ lotId, status: 'closed' }),
    },

    ReserveParking: {
      decide: (asked, lot, { now, prepared, isTrial }) => {
        const refused = reservingRefusal(lot, asked, now);
        if (refused) return refused;
        const { couponId, amount = lot.settings.price!, ...data } = asked;
        const reservation = { ...data, amount, lotName: lot.name, ...termsOf(lot.settings, now) };
        if (couponId === undefined || isTrial) return [{ type: 'ParkingReserved', data: reservation }];
        const used = discountOf(lot, reservation, prepared);
        return 'refused' in used ? used : [{ type: 'ParkingReserved', data: { ...reservation, ...used } }];
      },
      ended: ({ reservationId }, lot) => {
        const reservation = lot.open.get(reservationId);
        if (!reservation) return notThere(lot, reservationId, 'reservation-already-exists');
        return lot.status === 'closed' && reservation.arrivedAt === undefined ? closed : undefined;
      },
      answer: (data, events) => {
        const { amount, discount } = dataOf(events, 'ParkingReserved');
        return { ...data, ...defined({ amount, discount }), status: 'reserved' };
      },
    },

    ApplyCoupon: {
      decide: (data, lot, { prepared, isTrial }) => {
        const { lotId, reservationId } = data;
        const refused = discountRefusal(lot, reservationId);
        if (refused) return refused;
        if (isTrial) return [];
        const reservation = lot.open.get(reservationId)!;
        const used = discountOf(lot, reservation, prepared);
        if ('refused' in used) return used;
        const { customerId } = reservation;
        return [{ type: 'ReservationDiscounted', data: { lotId, reservationId, customerId, ...used } }];
      },
      answer: (data, events) => {
        const { amount, discount } = dataOf(events, 'ReservationDiscounted');
        return { ...data, ...defined({ amount, discount }) };
      },
    },

    SettleCoupon: {
      decide: (data, { open, redemptions }) => {
        const { reservationId, couponId, redemption } = data;
        const key = redemptionKey(data);
        const used = open.get(reservationId)?.coupon;
        if (used?.couponId === couponId && used.redemption === redemption) return [];
        return recall(redemptions, key) === undefined ? [{ type: 'CouponUnused', data }] : [];
      },
    },

    CancelReservation: {
      owner: ({ reservationId }, lot) => customerOf(lot, reservationId),
      decide: ({ lotId, reservationId, reason }, lot, { now }) => {
        const reservation = lot.open.get(reservationId);
        if (!reservation) return notThere(lot, reservationId);
        const { cancelBy, arrivedAt } = reservation;
        if (arrivedAt !== undefined) return refuse('already-arrived');
        if (cancelBy !== undefined && now >= cancelBy)
          return refuse('too-late', `it could be cancelled until ${cancelBy}`);
        return [refunded(lotId, lot, reservationId, reservation, reason)];
      },
      answer: ({ lotId, reservationId }) => ({ lotId, reservationId, status: 'canceled' }),
    },

    RecordArrival: {
      owner: ({ reservationId }, lot) => customerOf(lot, reservationId),
      decide: ({ lotId, reservationId }, lot, { now }) => {
        const reservation = lot.open.get(reservationId);
        if (!reservation) return notThere(lot, reservationId);
        if (reservation.arrivedAt !== undefined) return refuse('already-arrived');
        if (lot.status === 'closed') return closed;
        const { customerId, carNumber } = reservation;
        return [{ type: 'CarArrived', data: { lotId, reservationId, customerId, carNumber, arrivedAt: now } }];
      },
      answer: (data, events) => ({ ...data, arrivedAt: dataOf(events, 'CarArrived').arrivedAt, status: 'arrived' }),
    },

    // A car that is in a closed lot may leave it.
    RecordDeparture: {
      decide: ({ lotId, reservationId }, lot, { now }) => {
        const reservation = lot.open.get(reservationId);
        if (!reservation) return notThere(lot, reservationId);
        const { customerId, carNumber, arrivedAt } = reservation;
        if (arrivedAt === undefined) return refuse('not-arrived');
        const departedAt = now;
        const due = overtimeOf(reservation, arrivedAt, departedAt);
        const names = { lotId, lotName: lot.name, reservationId, customerId, carNumber };
        return [{ type: 'CarDeparted', data: { ...names, arrivedAt, departedAt, due } }];
      },
      answer: (data, events) => {
        const { departedAt, due } = dataOf(events, 'CarDeparted');
        return { ...data, departedAt, due, status: 'completed' };
      },
    },

    // Every decision ends what is due, so this one has nothing else to do.
    ExpireReservation: {
      decide: ({ reservationId }, { open }, { now }) => {
        const { arriveBy, arrivedAt } = open.get(reservationId) ?? {};
        return arrivedAt === undefined && arriveBy !== undefined && now < arriveBy ? notDue : [];
      },
    },
  },

  snapshotVersion: 9,
});

/** A lot, the unit of optimistic concurrency. No car can arrive at a closed lot, so none is missed there. */
export const parkingLot = kept.settling(rules, ({ lotId }, lot, { now }) => {
  if (lot.status === 'closed') return [];
  return textsBefore(lot.arrivals, `${now}~`, OFFERS_PER_COMMAND).map((text) => {
    const reservationId = text.slice(text.indexOf(' ') + 1);
    return canceled(lotId, lot, reservationId, lot.open.get(reservationId)!.customerId, REASONS.noShow);
  });
});

/** The customer of a reservation, open or ended; undefined for an id that is unused or forgotten. */
const customerOf = ({ open, ended }: State, reservationId: string): string | undefined =>
  (open.get(reservationId) ?? recall(ended, reservationId))?.customerId;

/** Refuses a command for a reservation that is not open. @param unknown the problem of an id that is not remembered */
const notThere = ({ ended }: State, reservationId: string, unknown = 'reservation-not-found'): Refusal => {
  const past = recall(ended, reservationId);
  if (!past) return refuse(unknown);
  return refuse(past.how === 'completed' ? 'already-completed' : 'already-canceled');
};

/** Cancels a reservation whose amount and coupon go back to the customer. */
const refunded = (lotId: string, lot: State, reservationId: string, reservation: Reservation, reason?: string) => {
  const { customerId, amount, coupon } = reservation;
  const { type, data } = canceled(lotId, lot, reservationId, customerId, reason);
  return { type, data: { ...data, amount, ...defined({ coupon }) } };
};

const canceled = (lotId: string, { name }: State, reservationId: string, customerId: string, reason?: string) => ({
  type: 'ReservationCanceled' as const,
  data: { lotId, lotName: name, reservationId, customerId, ...defined({ reason }) },
});

/** Refuses a reservation for any reason but its coupon. */
const reservingRefusal = (lot: State, data: Data<'ReserveParking'>, now: string): Refusal | undefined => {
  const { reservationId, carNumber, couponId } = data;
  const { price } = lot.settings;
  const amount = data.amount ?? price;
  if (lot.status === 'closed') return closed;
  if (customerOf(lot, reservationId) !== undefined) return refuse('reservation-already-exists');
  if (lot.cars.has(carOf(carNumber))) return refuse('car-already-reserved');
  if (amount === undefined) return refuse('amount-required');
  if (price !== undefined && price !== amount) return refuse('price-changed', `the price is ${price}`, { price });
  if (couponId !== undefined && amount === 0) return refuse('nothing-to-pay');
  return kept.refusalOf(lot, data, 1, now);
};

/** Refuses a coupon for a reservation that is not open, is free or uses one already. */
const discountRefusal = (lot: State, reservationId: string): Refusal | undefined => {
  const reservation = lot.open.get(reservationId);
  if (!reservation) return notThere(lot, reservationId);
  if (reservation.coupon !== undefined) return refuse('coupon-already-applied');
  return reservation.amount === 0 ? refuse('nothing-to-pay') : undefined;
};

/** Returns the lowered amount with the coupon that lowers it, or the refusal of the coupon. */
const discountOf = (
  { redemptions }: State,
  { customerId, amount }: Pick<Reservation, 'customerId' | 'amount'>,
  prepared: DecisionInput['prepared'],
): Refusal | { amount: number; discount: number; coupon: Redemption } => {
  const found = prepared?.coupon as RedeemedCoupon | Refusal | undefined;
  if (found === undefined) return refuse('coupon-not-found');
  if ('refused' in found) return found;
  const { couponId, redemption, value } = found;
  if (found.customerId !== customerId) return refuse('coupon-not-found');
  // A redemption lowers one amount, once: what was settled is over.
  if (recall(redemptions, redemptionKey(found)) !== undefined) return refuse('coupon-already-redeemed');
  const discount = Math.min(amount, value);
  return { amount: amount - discount, discount, coupon: { couponId, redemption } };
};

const redemptionKey = ({ couponId, redemption }: Redemption): string => `${couponId} ${redemption}`;

const settledAs = (
  redemptions: State['redemptions'],
  coupon: Redemption | undefined,
  how: 'used' | 'unused',
): State['redemptions'] => (coupon === undefined ? redemptions : remember(redemptions, redemptionKey(coupon), how));

const end = (lot: State, reservationId: string, how: 'canceled' | 'completed'): State => {
  const reservation = lot.open.get(reservationId);
  if (!reservation) return lot;
  const { customerId, carNumber, arrivedAt } = reservation;
  return {
    ...lot,
    open: lot.open.delete(reservationId),
    arrived: lot.arrived - (arrivedAt === undefined ? 0 : 1),
    arrivals: withoutArrival(lot.arrivals, reservationId, reservation),
    cars: withoutCar(lot.cars, carNumber),
    ended: remember(lot.ended, reservationId, { customerId, how }),
  };
};

const withArrival = (arrivals: SortedTexts, reservationId: string, { arriveBy }: Reservation): SortedTexts =>
  arriveBy === undefined ? arrivals : withText(arrivals, `${arriveBy} ${reservationId}`);

const withoutArrival = (arrivals: SortedTexts, reservationId: string, { arriveBy }: Reservation): SortedTexts =>
  arriveBy === undefined ? arrivals : withoutText(arrivals, `${arriveBy} ${reservationId}`);

/** Returns what the settings of a lot fix for a reservation. */
const termsOf = (settings: Settings, now: string) => {
  const { arriveWithin, cancelUntil, paidHours, overtimePrice, couponValue, couponDays } = settings;
  const after = (minutes: number | undefined) => (minutes === undefined ? undefined : plus(now, { minutes }));
  const deadlines = { arriveBy: after(arriveWithin), cancelBy: after(cancelUntil) };
  return defined({ ...deadlines, paidHours, overtimePrice, couponValue, couponDays });
};

const HOUR_MS = 3_600_000;

/** Returns the amount due for the started hours beyond the paid ones. */
const overtimeOf = (
  { paidHours = 1, overtimePrice = 0 }: Reservation,
  arrivedAt: string,
  departedAt: string,
): number => {
  const hours = Math.ceil((Date.parse(departedAt) - Date.parse(arrivedAt)) / HOUR_MS - paidHours);
  return Math.min(MAX_MONEY, Math.max(0, hours) * overtimePrice);
};

/** Returns the given settings that differ from a lot's, and the names of those that `null` unsets. */
const changeOf = (current: Settings, given: Omit<Data<'ChangeLot'>, 'lotId' | 'name' | 'spots'>) => {
  const names = Object.keys(given) as (keyof Settings)[];
  const differing = names.filter((name) => given[name] !== undefined && (given[name] ?? undefined) !== current[name]);
  const unset = differing.filter((name) => given[name] === null);
  const values = withoutNull(Object.fromEntries(differing.map((name) => [name, given[name]]))) as Settings;
  return { ...values, ...(unset.length === 0 ? {} : { unset }) };
};

/**
 * Returns the ends of the reservations, holds and waiting entries of a closed lot that fit into one append. A car that
 * has arrived keeps its reservation until it leaves.
 */
const endings = (lotId: string, lot: State) => {
  const ends = Iterator.from(lot.open)
    .filter(([, { arrivedAt }]) => arrivedAt === undefined)
    .take(CANCELLATIONS_PER_COMMAND)
    .map(([reservationId, reservation]) => refunded(lotId, lot, reservationId, reservation, REASONS.lotClosed))
    .toArray();
  return [...ends, ...kept.closing(lotId, lot, CANCELLATIONS_PER_COMMAND - ends.length)];
};

/** Returns what car numbers are compared by: `10 더 8612` is the car `10더8612`, also in other Unicode forms. */
const carOf = (carNumber: string): string => carNumber.normalize('NFKC').replaceAll(/[\p{Z}\p{Cf}]/gu, '');

const withCar = (cars: State['cars'], carNumber: string): State['cars'] =>
  cars.update(carOf(carNumber), (count = 0) => count + 1);

const withoutCar = (cars: State['cars'], carNumber: string): State['cars'] => {
  const car = carOf(carNumber);
  const count = (cars.get(car) ?? 0) - 1;
  return count > 0 ? cars.set(car, count) : cars.delete(car);
};
