import type { Static } from 'typebox';
import { schema as bikeRental, type queries } from '../../schemas/bike-rental.ts';
import { projection } from '../kernel/projection.ts';

/** With the time of the return, by which a fee is matched: the id of a rental may be used again. */
type Bill = Static<typeof queries.bills.item> & { returnedAt?: string };

export const bills = projection({
  context: bikeRental,
  name: 'bike-rental.bills',
  version: 2,
  events: ['BillOpened', 'BillClosed', 'FeeDeducted'],
  key: (event) => `${event.data.bikeId}.${event.data.rentalId}`,
  evolve: (bill: Bill | null, event) => {
    const { time } = event.metadata;
    if (event.type === 'BillOpened') {
      const { bikeId, rentalId, userId, tariff } = event.data;
      return { bikeId, rentalId, userId, status: 'open', tariff, openedAt: time };
    }
    if (!bill) throw new Error(`${event.type} for a bill that was never opened`);
    switch (event.type) {
      case 'BillClosed': {
        const { minutes, fee, returnedAt } = event.data;
        return { ...bill, status: 'closed', closedAt: time, minutes, fee, returnedAt };
      }
      case 'FeeDeducted':
        return event.data.closedAt === bill.returnedAt ? { ...bill, paid: event.data.paid } : bill;
      default:
        return event satisfies never;
    }
  },
  indexes: [
    { openedAt: 1, _id: 1 },
    { status: 1, _id: 1 },
    { status: 1, openedAt: 1, _id: 1 },
  ],
});
