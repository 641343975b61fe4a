import type { Static } from 'typebox';
import { schema as bikeRental, type queries } from '../../schemas/bike-rental.ts';
import { projection } from '../kernel/projection.ts';

type Deposit = Static<typeof queries.deposit.item>;

export const deposits = projection({
  context: bikeRental,
  name: 'bike-rental.deposits',
  version: 1,
  events: ['DepositCharged', 'FeeDeducted', 'DepositCredited'],
  key: (event) => event.data.userId,
  evolve: (_before: Deposit | null, event): Deposit => {
    const { userId, balance, outstanding } = event.data;
    return { userId, balance, outstanding };
  },
  indexes: [],
});
