import type { Static } from 'typebox';
import { schema as bikeRental, type queries } from '../../schemas/bike-rental.ts';
import { projection } from '../kernel/projection.ts';

/** The time of the return identifies the bill of a fee, because the id of a rental may be used again. */
type Bill = Static<typeof queries.bills.item> & { returnedAt?: string };

const paidSoFar = (bill: Bill, { closedAt, paid }: { closedAt: string; paid: number }): Bill =>
  closedAt === bill.returnedAt ? { ...bill, paid } : bill;

export const bills = projection<Bill>()({
  context: bikeRental,
  name: 'bike-rental.bills',
  version: 3,
  key: ({ bikeId, rentalId }) => `${bikeId}.${rentalId}`,
  on: {
    BillOpened: (_bill, { rentedAt: _at, bikeRevision: _revision, ...bill }, { metadata }) => ({
      ...bill,
      status: 'open',
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
    FeeDeducted: paidSoFar,
    BillPaid: paidSoFar,
  },
  missing: 'a bill that was never opened',
});
