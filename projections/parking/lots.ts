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

export const lots = projection<Lot>()({
  context: parking,
  name: 'parking.lots',
  version: 1,
  key: ({ lotId }) => lotId,
  on: {
    LotRegistered: (_lot, { lotId, name, spots }) => ({
      lotId,
      name,
      status: 'open',
      spots,
      reserved: 0,
      free: spots,
    }),
  },
  onExisting: {
    LotSpotsChanged: (lot, { spots }) => withSpots(lot, spots, lot.reserved),
    LotClosed: (lot) => ({ ...lot, status: 'closed' }),
    ParkingReserved: (lot) => withSpots(lot, lot.spots, lot.reserved + 1),
    ReservationCanceled: (lot) => withSpots(lot, lot.spots, lot.reserved - 1),
  },
  missing: 'a lot that was never registered',
});
