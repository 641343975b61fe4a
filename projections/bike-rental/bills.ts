import type { Static } from 'typebox';
import { schema as bikeRental, type queries } from '../../schemas/bike-rental.ts';
import { projection } from '../kernel/projection.ts';

/** The time of the return identifies the bill of a fee, because the id of a rental may be used again. */
type Bill = Static<typeof queries.bills.item> & { returnedAt?: string };

export const bills = projection<Bill>()({
  context: bikeRental,
  name: 'bike-rental.bills',
  version: 2,
  key: ({ bikeId, rentalId }) => `${bikeId}.${rentalId}`,
  on: {
    BillOpened: (_bill, { bikeId, rentalId, userId, tariff }, { metadata }) => ({
      bikeId,
      rentalId,
      userId,
      status: 'open',
      tariff,
      openedAt: metadata.time,
    }),
  },
  onExisting: {
    BillClosed: (bill, { minutes, fee, returnedAt }, { metadata }) => ({
      ...bill,
      status: 'closed',
      closedAt: metadata.time,
      minutes,
      fee,
      returnedAt,
    }),
    FeeDeducted: (bill, { closedAt, paid }) => (closedAt === bill.returnedAt ? { ...bill, paid } : bill),
  },
  missing: 'a bill that was never opened',
});
