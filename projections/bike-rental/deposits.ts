import type { Static } from 'typebox';
import { schema as bikeRental, type queries } from '../../schemas/bike-rental.ts';
import { projection } from '../kernel/projection.ts';

type Deposit = Static<typeof queries.deposit.item>;

const balanceAfter = (_deposit: Deposit | null, { userId, balance, outstanding }: Deposit): Deposit => ({
  userId,
  balance,
  outstanding,
});

export const deposits = projection<Deposit>()({
  context: bikeRental,
  name: 'bike-rental.deposits',
  version: 1,
  key: ({ userId }) => userId,
  on: {
    DepositCharged: balanceAfter,
    FeeDeducted: balanceAfter,
    DepositCredited: balanceAfter,
  },
});
