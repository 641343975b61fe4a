import type { Static } from 'typebox';
import { bikeRental, type queries } from '../../schemas/bike-rental.ts';
import { projection } from '../kernel/projection.ts';

type Bill = Static<typeof queries.bills.item>;

export const bills = projection({
  context: bikeRental,
  name: 'bike-rental.bills',
  version: 1,
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
        const { minutes, fee } = event.data;
        return { ...bill, status: 'closed', closedAt: time, minutes, fee };
      }
      case 'FeeDeducted':
        return { ...bill, paid: event.data.paid };
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
