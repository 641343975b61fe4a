import type { Static } from 'typebox';
import { schema as bikeRental, type queries } from '../../schemas/bike-rental.ts';
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
    ChargeRequested: (_movement, { charge: _charge, requestedAt: at, ...movement }) => ({
      ...movement,
      kind: 'charge',
      status: 'pending',
      at,
    }),
    DepositCharged: (_movement, { charge: _charge, settled: _settled, chargedAt: at, ...movement }) => ({
      ...movement,
      kind: 'charge',
      status: 'charged',
      at,
    }),
    FeeDeducted: (_movement, { fee, paid: _paid, closedAt: _closed, bikeRevision: _revision, ...movement }, event) => ({
      ...movement,
      kind: 'fee',
      status: 'deducted',
      at: event.metadata.time,
      amount: fee,
    }),
    DepositCredited: (_movement, data, { metadata }) => {
      const { settled: _settled, convertedAt: _at, managerRevision: _revision, ...movement } = data;
      return { ...movement, kind: 'conversion', status: 'credited', at: metadata.time };
    },
  },
  onExisting: {
    ChargeDeclined: (movement, { charge: _charge, declinedAt: at, ...declined }) => ({
      ...movement,
      ...declined,
      status: 'declined',
      at,
    }),
    ChargeRefunded: (movement) => ({ ...movement, status: 'refunded' }),
    ChargeVoided: (movement) => ({ ...movement, status: 'voided' }),
  },
  missing: 'a charge that was never requested',
});
