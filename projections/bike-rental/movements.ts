import type { Static } from 'typebox';
import { schema as bikeRental, type queries } from '../../schemas/bike-rental.ts';
import { defined } from '../../schemas/kernel/defined.ts';
import { projection } from '../kernel/projection.ts';

type Movement = Static<typeof queries.movements.item>;

/** The movements of deposits: a document for each charge, fee and credit, with the balance after it. */
export const movements = projection<Movement>()({
  context: bikeRental,
  name: 'bike-rental.movements',
  version: 1,
  // A charge is found by its path; the names of the others have more parts. The id of a rental or of a conversion may
  // be used again, so they are named by their time as well.
  key: (data) => {
    if ('chargeId' in data) return `${data.userId}.${data.chargeId}`;
    return 'conversionId' in data
      ? `${data.userId}.${data.managerId}.${data.conversionId}.${data.convertedAt}`
      : `${data.userId}.${data.bikeId}.${data.rentalId}.${data.closedAt}`;
  },
  on: {
    ChargeRequested: (_movement, { userId, chargeId, requestedAt, amount, method, balance, outstanding }) => ({
      userId,
      kind: 'charge',
      status: 'pending',
      at: requestedAt,
      amount,
      balance,
      outstanding,
      chargeId,
      method,
    }),
    DepositCharged: (_movement, { userId, chargeId, chargedAt, amount, method, balance, outstanding }) => ({
      userId,
      kind: 'charge',
      status: 'charged',
      at: chargedAt,
      amount,
      balance,
      outstanding,
      chargeId,
      ...defined({ method }),
    }),
    FeeDeducted: (_movement, { userId, bikeId, rentalId, fee, balance, outstanding }, { metadata }) => ({
      userId,
      kind: 'fee',
      status: 'deducted',
      at: metadata.time,
      amount: fee,
      balance,
      outstanding,
      bikeId,
      rentalId,
    }),
    DepositCredited: (_movement, { userId, managerId, conversionId, amount, balance, outstanding }, { metadata }) => ({
      userId,
      kind: 'conversion',
      status: 'credited',
      at: metadata.time,
      amount,
      balance,
      outstanding,
      managerId,
      conversionId,
    }),
  },
  onExisting: {
    ChargeDeclined: (movement, { reason, declinedAt, balance, outstanding }) => ({
      ...movement,
      status: 'declined',
      at: declinedAt,
      reason,
      balance,
      outstanding,
    }),
    ChargeRefunded: (movement) => ({ ...movement, status: 'refunded' }),
    ChargeVoided: (movement) => ({ ...movement, status: 'voided' }),
  },
  missing: 'a charge that was never requested',
});
