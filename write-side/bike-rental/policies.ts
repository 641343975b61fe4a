import { schema as bikeRental } from '../../schemas/bike-rental.ts';
import { policy } from '../policies/policy.ts';

/** A rental opens a bill; its return closes the bill. */
const billing = policy({
  name: 'bike-rental.billing',
  context: bikeRental,
  events: ['BikeRented', 'BikeReturned'],
  key: ({ data }) => `${data.bikeId}.${data.rentalId}`,
  react: ({ type, data, revision }) => {
    const { bikeId, rentalId, userId, rentedAt } = data;
    const rental = { bikeId, rentalId, userId, rentedAt, bikeRevision: revision };
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
  react: ({ data: { bikeId, rentalId, userId, fee, returnedAt, bikeRevision } }) => {
    const revision = bikeRevision === undefined ? {} : { bikeRevision };
    return [{ type: 'DeductFee', data: { bikeId, rentalId, userId, fee, closedAt: returnedAt, ...revision } }];
  },
});

/** A condition report earns its manager points. */
const rewards = policy({
  name: 'bike-rental.rewards',
  context: bikeRental,
  events: ['ConditionReported'],
  key: ({ data }) => data.managerId,
  react: ({ revision, data: { managerId, bikeId, reportId, reportedAt } }) => [
    { type: 'AwardPoints', data: { managerId, bikeId, reportId, reportedAt, bikeRevision: revision } },
  ],
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

export const policies = [billing, fees, rewards, conversions];
