import { bikeRental } from '../../schemas/bike-rental.ts';
import { policy } from '../policies/policy.ts';

/** A rental opens a bill and its end closes it, in this order. */
const billing = policy({
  name: 'bike-rental.billing',
  context: bikeRental,
  events: ['BikeRented', 'BikeReturned'],
  key: ({ data }) => `${data.bikeId}.${data.rentalId}`,
  react: ({ type, data }) => {
    const { bikeId, rentalId, userId, rentedAt } = data;
    const rental = { bikeId, rentalId, userId, rentedAt };
    return type === 'BikeRented'
      ? [{ type: 'OpenBill', data: rental }]
      : [{ type: 'CloseBill', data: { ...rental, returnedAt: data.returnedAt } }];
  },
});

/** The fee of a closed bill is taken from the user's deposit. */
const fees = policy({
  name: 'bike-rental.fees',
  context: bikeRental,
  events: ['BillClosed'],
  key: ({ data }) => data.userId,
  react: ({ data: { bikeId, rentalId, userId, fee, returnedAt } }) => [
    { type: 'DeductFee', data: { bikeId, rentalId, userId, fee, closedAt: returnedAt } },
  ],
});

/** Who reports a bike's condition earns points. */
const rewards = policy({
  name: 'bike-rental.rewards',
  context: bikeRental,
  events: ['ConditionReported'],
  key: ({ data }) => data.managerId,
  react: ({ data: { managerId, bikeId, reportId, reportedAt } }) => [
    { type: 'AwardPoints', data: { managerId, bikeId, reportId, reportedAt } },
  ],
});

/** Points that a manager gave become the user's deposit, one for one. */
const conversions = policy({
  name: 'bike-rental.conversions',
  context: bikeRental,
  events: ['PointsConverted'],
  key: ({ data }) => data.userId,
  react: ({ data: { userId, managerId, conversionId, points, convertedAt } }) => [
    { type: 'CreditDeposit', data: { userId, managerId, conversionId, amount: points, convertedAt } },
  ],
});

export const bikeRentalPolicies = [billing, fees, rewards, conversions];
