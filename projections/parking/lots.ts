import type { Static } from 'typebox';
import { schema as parking, type queries } from '../../schemas/parking.ts';
import { projection } from '../kernel/projection.ts';

type Lot = Static<typeof queries.lot.item>;

/** Counts the free spots. A closed lot has none. */
const counted = (lot: Omit<Lot, 'free'>): Lot => {
  const { status, spots, reserved, onHold } = lot;
  return { ...lot, free: status === 'open' ? Math.max(0, spots - reserved - onHold) : 0 };
};

const holding = (lot: Lot, { places }: { places: number }): Lot => counted({ ...lot, onHold: lot.onHold + places });
const freeing = (lot: Lot, { places }: { places: number }): Lot => counted({ ...lot, onHold: lot.onHold - places });

export const lots = projection<Lot>()({
  context: parking,
  name: 'parking.lots',
  version: 4,
  key: ({ lotId }) => lotId,
  on: {
    LotRegistered: (_lot, { lotId, name, spots, ...settings }) =>
      counted({
        lotId,
        name,
        status: 'open',
        spots,
        reserved: 0,
        onHold: 0,
        waiting: 0,
        ...settings,
      }),
  },
  onExisting: {
    LotSpotsChanged: (lot, { spots }) => counted({ ...lot, spots }),
    LotChanged: (lot, { lotId: _, ...changed }) => ({ ...lot, ...changed }),
    LotClosed: (lot) => counted({ ...lot, status: 'closed' }),
    ParkingReserved: (lot, { holdId, entryId }) => {
      const isKept = holdId !== undefined || entryId !== undefined;
      return counted({ ...lot, reserved: lot.reserved + 1, onHold: lot.onHold - (isKept ? 1 : 0) });
    },
    ReservationCanceled: (lot) => counted({ ...lot, reserved: lot.reserved - 1 }),
    CarDeparted: (lot) => counted({ ...lot, reserved: lot.reserved - 1 }),
    SpotHeld: holding,
    SpotHoldExpired: freeing,
    SpotHoldReleased: freeing,
    SpotWaitingListJoined: (lot) => ({ ...lot, waiting: lot.waiting + 1 }),
    SpotWaitingListLeft: (lot) => ({ ...lot, waiting: lot.waiting - 1 }),
    SpotOffered: (lot, { places }) => counted({ ...lot, onHold: lot.onHold + places, waiting: lot.waiting - 1 }),
    SpotOfferExpired: freeing,
    SpotOfferDeclined: freeing,
  },
  missing: 'a lot that was never registered',
});
