import type { Static } from 'typebox';
import { schema as bikeRental, type queries } from '../../schemas/bike-rental.ts';
import { projection } from '../kernel/projection.ts';

type Bike = Static<typeof queries.bike.item>;

const withStatus = (bike: Bike): Bike => ({
  ...bike,
  status:
    bike.status === 'retired'
      ? 'retired'
      : bike.rentalId !== undefined
        ? 'in-use'
        : bike.usable
          ? 'available'
          : 'out-of-service',
});

export const bikes = projection<Bike>()({
  context: bikeRental,
  name: 'bike-rental.bikes',
  version: 2,
  key: ({ bikeId }) => bikeId,
  on: {
    BikeRegistered: (_bike, { bikeId, location }) => ({ bikeId, status: 'available', location, usable: true }),
  },
  onExisting: {
    BikeRented: (bike, { rentalId }) => withStatus({ ...bike, rentalId }),
    BikeReturned: ({ rentalId: _ended, ...bike }, { location }) => withStatus({ ...bike, location }),
    BikeMoved: (bike, { location }) => ({ ...bike, location }),
    BikeRetired: (bike) => ({ ...bike, status: 'retired' }),
    ConditionReported: (bike, { batteryLevel, usable, reportedAt }) =>
      withStatus({ ...bike, batteryLevel, usable, reportedAt }),
  },
  missing: 'a bike that was never registered',
});
