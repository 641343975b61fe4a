import type { Static } from 'typebox';
import { schema as parking, type queries } from '../../schemas/parking.ts';
import { projection } from '../kernel/projection.ts';

type Lot = Static<typeof queries.lot.item>;

const withSpots = (lot: Lot, spots: number, reserved: number): Lot => ({
  ...lot,
  spots,
  reserved,
  free: spots - reserved,
});

export const lots = projection({
  context: parking,
  name: 'parking.lots',
  version: 1,
  events: ['LotRegistered', 'LotSpotsChanged', 'LotClosed', 'ParkingReserved', 'ReservationCanceled'],
  key: (event) => event.data.lotId,
  evolve: (lot: Lot | null, event) => {
    if (event.type === 'LotRegistered') {
      const { lotId, name, spots } = event.data;
      return { lotId, name, status: 'open', spots, reserved: 0, free: spots };
    }
    if (!lot) throw new Error(`${event.type} for a lot that was never registered`);
    switch (event.type) {
      case 'LotSpotsChanged':
        return withSpots(lot, event.data.spots, lot.reserved);
      case 'LotClosed':
        return { ...lot, status: 'closed' };
      case 'ParkingReserved':
        return withSpots(lot, lot.spots, lot.reserved + 1);
      case 'ReservationCanceled':
        return withSpots(lot, lot.spots, lot.reserved - 1);
      default:
        return event satisfies never;
    }
  },
  indexes: [
    { status: 1, _id: 1 },
    { name: 1, _id: 1 },
    { free: 1, _id: 1 },
    { status: 1, name: 1, _id: 1 },
    { status: 1, free: 1, _id: 1 },
  ],
});
