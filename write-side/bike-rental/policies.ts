import { schema as bikeRental } from '../../schemas/bike-rental.ts';
import { defined } from '../../schemas/kernel/defined.ts';
import { policy } from '../policies/policy.ts';
import { processManager } from '../policies/process.ts';
import { chargeKey } from './charges.ts';

/** A rental opens a bill; its return closes the bill. */
const billing = policy({
  name: 'bike-rental.billing',
  context: bikeRental,
  events: ['BikeRented', 'BikeReturned'],
  key: ({ data }) => `${data.bikeId}.${data.rentalId}`,
  react: ({ type, data, revision }) => {
    const { bikeId, rentalId, userId, rentedAt, tariff } = data;
    const rental = { bikeId, rentalId, userId, rentedAt, bikeRevision: revision, ...defined({ tariff }) };
    return type === 'BikeRented'
      ? [{ type: 'OpenBill', data: rental }]
      : [{ type: 'CloseBill', data: { ...rental, returnedAt: data.returnedAt } }];
  },
});

/** Deducts the fee of a closed bill from the user's deposit. */
const fees = policy({
  name: 'bike-rental.fees',
  context: bikeRental,
  events: ['BillClosed'],
  key: ({ data }) => data.userId,
  react: ({ data: { bikeId, rentalId, userId, fee, returnedAt: closedAt, bikeRevision } }) => [
    { type: 'DeductFee', data: { bikeId, rentalId, userId, fee, closedAt, ...defined({ bikeRevision }) } },
  ],
});

/** Awards the points of a condition report that earned some. */
const rewards = policy({
  name: 'bike-rental.rewards',
  context: bikeRental,
  events: ['ConditionReported'],
  key: ({ data }) => data.managerId,
  react: ({ revision, data: { managerId, bikeId, reportId, reportedAt, points } }) => {
    if (points === 0) return [];
    const report = { managerId, bikeId, reportId, reportedAt, bikeRevision: revision };
    return [{ type: 'AwardPoints', data: { ...report, ...defined({ points }) } }];
  },
});

/** Credits converted points to the user's deposit, one for one. */
const conversions = policy({
  name: 'bike-rental.conversions',
  context: bikeRental,
  events: ['PointsConverted'],
  key: ({ data }) => data.userId,
  react: ({ revision, data: { userId, managerId, conversionId, points, convertedAt } }) => {
    const data = { userId, managerId, conversionId, amount: points, convertedAt, managerRevision: revision };
    return [{ type: 'CreditDeposit', data }];
  },
});

/** Makes known where staff bring bikes: users return theirs to these locations. */
const locations = policy({
  name: 'bike-rental.locations',
  context: bikeRental,
  events: ['BikeRegistered', 'BikeMoved'],
  key: ({ data }) => data.location,
  react: ({ data: { location } }) => [{ type: 'AddLocation', data: { location } }],
});

export const policies = [billing, fees, rewards, conversions, locations];

/** The key and the commands of the payments of charges. */
export const chargeRecords = {
  keyOf: chargeKey,
  approve: 'ApproveCharge',
  decline: 'DeclineCharge',
  undone: 'RecordChargeUndone',
};

/**
 * Settles every charge whose payment stays open, and refunds every payment that must not stand.
 * @param holdMs milliseconds after which an open payment is settled
 */
export const charges = (holdMs: number) =>
  processManager({
    name: 'bike-rental.charges',
    context: bikeRental,
    events: ['ChargeRequested', 'DepositCharged', 'ChargeDeclined', 'ChargeRefunded', 'ChargeVoided'],
    plan: ({ type, data }) => {
      const { userId, chargeId, charge, amount } = data;
      if (charge === undefined) return [];
      const named = { userId, chargeId, charge, amount };
      const [settle, undo] = [`settle ${chargeKey(named)}`, `undo ${chargeKey(named)}`];
      switch (type) {
        case 'ChargeRequested':
          return [{ key: settle, task: 'settle', afterMs: holdMs, data: named }];
        case 'DepositCharged':
          return [{ key: settle, task: null }];
        case 'ChargeDeclined':
          return data.reason === 'declined'
            ? [{ key: settle, task: null }]
            : [
                { key: settle, task: null },
                { key: undo, task: 'undo', afterMs: 0, data: named },
              ];
        case 'ChargeRefunded':
        case 'ChargeVoided':
          return [{ key: undo, task: null }];
        default:
          return type satisfies never;
      }
    },
  });
