import type { Static } from 'typebox';
import { schema as bikeRental, type queries } from '../../schemas/bike-rental.ts';
import { projection } from '../kernel/projection.ts';

type Rental = Static<typeof queries.rental.item> & { kind: 'rental'; at: string };
type Conversion = Pick<
  Static<typeof queries.userRentals.item>,
  'userId' | 'at' | 'managerId' | 'conversionId' | 'amount'
> & {
  kind: 'conversion';
  status: 'credited';
};

/**
 * Users' histories: a document for each rental, fed by the bike's, the bill's and the deposit's events, and one for
 * each conversion.
 */
export const rentals = projection({
  context: bikeRental,
  name: 'bike-rental.rentals',
  version: 1,
  events: ['BikeRented', 'BikeReturned', 'BillOpened', 'BillClosed', 'FeeDeducted', 'DepositCredited'],
  // The third part keeps conversions apart from rentals, whose names have two.
  key: ({ type, data }) =>
    type === 'DepositCredited'
      ? `${data.managerId}.${data.conversionId}.conversion`
      : `${data.bikeId}.${data.rentalId}`,
  evolve: (item: Rental | Conversion | null, event): Rental | Conversion => {
    const { time } = event.metadata;
    if (event.type === 'BikeRented') {
      const { bikeId, rentalId, userId, location, rentedAt } = event.data;
      return {
        kind: 'rental',
        at: rentedAt,
        bikeId,
        rentalId,
        userId,
        status: 'in-use',
        from: location,
        rentedAt,
      };
    }
    if (event.type === 'DepositCredited') {
      const { userId, managerId, conversionId, amount, convertedAt } = event.data;
      return { kind: 'conversion', at: convertedAt, userId, status: 'credited', managerId, conversionId, amount };
    }
    if (item?.kind !== 'rental') throw new Error(`${event.type} for a rental that never began`);
    if (event.type === 'BikeReturned') {
      const { location, returnedAt } = event.data;
      return { ...item, status: 'returned', to: location, returnedAt };
    }
    // The id of a rental may be used again while the bill of the first one is still on its way.
    const isOfThisRental =
      event.type === 'FeeDeducted' ? event.data.closedAt === item.returnedAt : event.data.rentedAt === item.rentedAt;
    if (!isOfThisRental) return item;
    if (event.type === 'BillOpened')
      return { ...item, bill: { status: 'open', tariff: event.data.tariff, openedAt: time } };
    const { bill } = item;
    if (!bill) throw new Error(`${event.type} for a bill that was never opened`);
    switch (event.type) {
      case 'BillClosed': {
        const { minutes, fee } = event.data;
        return { ...item, bill: { ...bill, status: 'closed', closedAt: time, minutes, fee } };
      }
      case 'FeeDeducted':
        return { ...item, bill: { ...bill, paid: event.data.paid } };
      default:
        return event satisfies never;
    }
  },
  indexes: [
    { userId: 1, _id: 1 },
    { userId: 1, at: 1, _id: 1 },
    { userId: 1, kind: 1, _id: 1 },
    { userId: 1, kind: 1, at: 1, _id: 1 },
    { userId: 1, status: 1, _id: 1 },
    { userId: 1, status: 1, at: 1, _id: 1 },
    { kind: 1, at: 1, _id: 1 },
  ],
});
