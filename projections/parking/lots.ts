import type { Static } from 'typebox';
import { settingsAfter } from '../../schemas/kernel/settings.ts';
import { schema as parking, type queries, spots } from '../../schemas/parking.ts';
import { type PlaceChanges, placeCounts, takenOfHold } from '../kernel/place-counts.ts';
import { projection } from '../kernel/projection.ts';

type Lot = Static<typeof queries.lot.item>;

/** Counts the free spots. A closed lot has none. */
const counted = (lot: Omit<Lot, 'free'>): Lot => {
  const { status, spots, reserved, onHold } = lot;
  return { ...lot, free: status === 'open' ? Math.max(0, spots - reserved - onHold) : 0 };
};

type Changes = PlaceChanges & { reserved?: number; parked?: number };

const add = (lot: Lot, { onHold = 0, waiting = 0, reserved = 0, parked = 0 }: Changes): Lot =>
  counted({
    ...lot,
    reserved: lot.reserved + reserved,
    parked: lot.parked + parked,
    onHold: lot.onHold + onHold,
    waiting: lot.waiting + waiting,
  });

export const lots = projection<Lot>()({
  context: parking,
  name: 'parking.lots',
  version: 5,
  key: ({ lotId }) => lotId,
  on: {
    LotRegistered: (_lot, lot) => counted({ ...lot, status: 'open', reserved: 0, parked: 0, onHold: 0, waiting: 0 }),
  },
  onExisting: {
    LotSpotsChanged: (lot, { spots }) => counted({ ...lot, spots }),
    LotChanged: (lot, { lotId: _, ...changed }) => settingsAfter(lot, changed),
    LotClosed: (lot) => counted({ ...lot, status: 'closed' }),
    ParkingReserved: (lot, data) => add(lot, { reserved: 1, onHold: -takenOfHold(data, 1) }),
    ReservationCanceled: (lot) => add(lot, { reserved: -1 }),
    CarArrived: (lot) => add(lot, { parked: 1 }),
    CarDeparted: (lot) => add(lot, { reserved: -1, parked: -1 }),
    ...placeCounts(spots, (lot: Lot, _data, changes) => add(lot, changes)),
  },
  missing: 'a lot that was never registered',
});
