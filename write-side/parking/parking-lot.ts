import { CANCELLATIONS_PER_COMMAND, type ParkingEvent, schema as parking } from '../../schemas/parking.ts';
import { ImmutableMap } from '../kernel/collections.ts';
import { decider, type Refusal, refuse } from '../kernel/decider.ts';
import { noPastIds, type PastIds, recall, remember } from '../kernel/past-ids.ts';

type State = {
  status: 'unregistered' | 'open' | 'closed';
  spots: number;
  /** By reservation id. */
  open: ImmutableMap<string, { customerId: string; carNumber: string }>;
  /** Open reservations by car. Two of one car stem from before cars were compared by {@link carOf}. */
  cars: ImmutableMap<string, number>;
  /** The customers of the reservations cancelled last. */
  canceled: PastIds<string>;
};

/** Cancelled reservations that a lot remembers, at least. */
const REMEMBERED_CANCELLATIONS = 1_000;

const initialState: State = {
  status: 'unregistered',
  spots: 0,
  open: ImmutableMap(),
  cars: ImmutableMap(),
  canceled: noPastIds(REMEMBERED_CANCELLATIONS),
};

/** A lot, the unit of optimistic concurrency. */
export const parkingLot = decider(parking, {
  stream: 'parkingLot-{lotId}',
  initialState,

  evolve: {
    LotRegistered: (lot, { spots }) => ({ ...lot, status: 'open', spots }),
    LotSpotsChanged: (lot, { spots }) => ({ ...lot, spots }),
    LotClosed: (lot) => ({ ...lot, status: 'closed' }),
    ParkingReserved: (lot, { reservationId, customerId, carNumber }) => ({
      ...lot,
      open: lot.open.set(reservationId, { customerId, carNumber }),
      cars: withCar(lot.cars, carNumber),
    }),
    ReservationCanceled: (lot, { reservationId }) => {
      const reservation = lot.open.get(reservationId);
      if (!reservation) return lot;
      return {
        ...lot,
        open: lot.open.delete(reservationId),
        cars: withoutCar(lot.cars, reservation.carNumber),
        canceled: remember(lot.canceled, reservationId, reservation.customerId),
      };
    },
  },

  commands: {
    RegisterLot: {
      decide: (data, { status }) =>
        status === 'unregistered' ? [{ type: 'LotRegistered', data }] : refuse('lot-already-registered'),
      answer: (data) => ({ ...data, status: 'open' }),
    },

    ChangeSpots: {
      decide: (data, lot) => {
        if (lot.status !== 'open') return notOpen(lot);
        const reserved = lot.open.size;
        if (data.spots < reserved) return refuse('spots-below-reserved', `${reserved} are reserved`);
        return data.spots === lot.spots ? [] : [{ type: 'LotSpotsChanged', data }];
      },
    },

    CloseLot: {
      decide: ({ lotId }, lot) => {
        if (lot.status !== 'open') return notOpen(lot);
        const canceled = cancellations(lotId, lot);
        return [{ type: 'LotClosed', data: { lotId, remaining: lot.open.size - canceled.length } }, ...canceled];
      },
      answer: ({ lotId }) => ({ lotId, status: 'closed' }),
    },

    CancelRemainingReservations: {
      decide: ({ lotId }, lot) => {
        if (lot.status === 'unregistered') return notOpen(lot);
        return lot.status === 'closed' ? cancellations(lotId, lot) : [];
      },
      answer: ({ lotId }) => ({ lotId, status: 'closed' }),
    },

    ReserveParking: {
      decide: (data, lot) => {
        const { reservationId, carNumber } = data;
        if (lot.status !== 'open') return notOpen(lot);
        if (customerOf(lot, reservationId) !== undefined) return refuse('reservation-already-exists');
        if (lot.cars.has(carOf(carNumber))) return refuse('car-already-reserved');
        if (lot.open.size >= lot.spots) return refuse('lot-full', `all ${lot.spots} spots are reserved`);
        return [{ type: 'ParkingReserved', data }];
      },
      answer: (data) => ({ ...data, status: 'reserved' }),
    },

    CancelReservation: {
      owner: ({ reservationId }, lot) => customerOf(lot, reservationId),
      decide: ({ lotId, reservationId, reason }, lot) => {
        if (lot.status === 'unregistered') return notOpen(lot);
        const customerId = customerOf(lot, reservationId);
        if (customerId === undefined) return refuse('reservation-not-found');
        if (!lot.open.has(reservationId)) return refuse('already-canceled');
        const data = { lotId, reservationId, customerId, ...(reason === undefined ? {} : { reason }) };
        return [{ type: 'ReservationCanceled', data }];
      },
      answer: ({ lotId, reservationId }) => ({ lotId, reservationId, status: 'canceled' }),
    },
  },

  snapshotVersion: 4,
});

const notOpen = ({ status }: State): Refusal => refuse(status === 'closed' ? 'lot-closed' : 'lot-not-found');

/** The customer of a reservation, open or cancelled; undefined for an id that is unused or forgotten. */
const customerOf = ({ open, canceled }: State, reservationId: string): string | undefined =>
  open.get(reservationId)?.customerId ?? recall(canceled, reservationId);

const cancellations = (lotId: string, { open }: State): Extract<ParkingEvent, { type: 'ReservationCanceled' }>[] =>
  open
    .entrySeq()
    .take(CANCELLATIONS_PER_COMMAND)
    .map(([reservationId, { customerId }]) => ({
      type: 'ReservationCanceled' as const,
      data: { lotId, reservationId, customerId, reason: 'lot-closed' },
    }))
    .toArray();

/** Returns what car numbers are compared by: `10 더 8612` is the car `10더8612`, also in other Unicode forms. */
const carOf = (carNumber: string): string => carNumber.normalize('NFKC').replaceAll(/[\p{Z}\p{Cf}]/gu, '');

const withCar = (cars: State['cars'], carNumber: string): State['cars'] =>
  cars.update(carOf(carNumber), (count = 0) => count + 1);

const withoutCar = (cars: State['cars'], carNumber: string): State['cars'] => {
  const car = carOf(carNumber);
  const count = (cars.get(car) ?? 0) - 1;
  return count > 0 ? cars.set(car, count) : cars.delete(car);
};
