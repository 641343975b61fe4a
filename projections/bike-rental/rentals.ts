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

const rentalOf = (item: Rental | Conversion): Rental => {
  if (item.kind !== 'rental') throw new Error('A conversion never was a rental');
  return item;
};

const billOf = ({ bill }: Rental): NonNullable<Rental['bill']> => {
  if (!bill) throw new Error('The bill of the rental was never opened');
  return bill;
};

const paidSoFar = (item: Rental | Conversion, { closedAt, paid }: { closedAt: string; paid: number }): Rental => {
  const rental = rentalOf(item);
  if (closedAt !== rental.returnedAt) return rental;
  return { ...rental, bill: { ...billOf(rental), paid } };
};

/**
 * Users' histories: a document for each rental, fed by the bike's, the bill's and the deposit's events, and one for
 * each conversion.
 */
export const rentals = projection<Rental | Conversion>()({
  context: bikeRental,
  name: 'bike-rental.rentals',
  version: 2,
  // The third part distinguishes conversions from rentals, whose keys have two parts.
  key: (data) =>
    'conversionId' in data ? `${data.managerId}.${data.conversionId}.conversion` : `${data.bikeId}.${data.rentalId}`,
  on: {
    BikeRented: (_item, { location: from, tariff: _tariff, ...rental }) => ({
      ...rental,
      kind: 'rental',
      at: rental.rentedAt,
      status: 'in-use',
      from,
    }),
    DepositCredited: (_item, { userId, managerId, conversionId, amount, convertedAt: at }) => {
      const conversion = { userId, managerId, conversionId, amount };
      return { ...conversion, kind: 'conversion', at, status: 'credited' };
    },
  },
  onExisting: {
    BikeReturned: (item, { location, returnedAt }) => ({
      ...rentalOf(item),
      status: 'returned',
      to: location,
      returnedAt,
    }),
    // The id of a rental may be used again before the bill of the first one arrives.
    BillOpened: (item, { rentedAt, tariff }, { metadata }) => {
      const rental = rentalOf(item);
      if (rentedAt !== rental.rentedAt) return rental;
      return { ...rental, bill: { status: 'open', tariff, openedAt: metadata.time } };
    },
    BillClosed: (item, { rentedAt, minutes, fee }, { metadata }) => {
      const rental = rentalOf(item);
      if (rentedAt !== rental.rentedAt) return rental;
      return { ...rental, bill: { ...billOf(rental), status: 'closed', closedAt: metadata.time, minutes, fee } };
    },
    FeeDeducted: paidSoFar,
    BillPaid: paidSoFar,
  },
  missing: 'a rental that never began',
  // The control centre shows the newest rentals.
  indexes: [['kind', 'at']],
});
