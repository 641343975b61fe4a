import type { Static } from 'typebox';
import { schema as bikeRental, type queries } from '../../schemas/bike-rental.ts';
import { projection } from '../kernel/projection.ts';

type Bike = Static<typeof queries.bike.item>;

const withStatus = (bike: Bike): Bike => ({
  ...bike,
  status: bike.rentalId !== undefined ? 'in-use' : bike.usable ? 'available' : 'out-of-service',
});

export const bikes = projection({
  context: bikeRental,
  name: 'bike-rental.bikes',
  version: 1,
  events: ['BikeRegistered', 'BikeRented', 'BikeReturned', 'ConditionReported'],
  key: (event) => event.data.bikeId,
  evolve: (bike: Bike | null, event) => {
    if (event.type === 'BikeRegistered') {
      const { bikeId, location } = event.data;
      return { bikeId, status: 'available', location, usable: true };
    }
    if (!bike) throw new Error(`${event.type} for a bike that was never registered`);
    switch (event.type) {
      case 'BikeRented':
        return withStatus({ ...bike, rentalId: event.data.rentalId });
      case 'BikeReturned': {
        const { rentalId: _ended, ...standing } = bike;
        return withStatus({ ...standing, location: event.data.location });
      }
      case 'ConditionReported': {
        const { batteryLevel, usable, reportedAt } = event.data;
        return withStatus({ ...bike, batteryLevel, usable, reportedAt });
      }
      default:
        return event satisfies never;
    }
  },
  indexes: [
    { location: 1, _id: 1 },
    { status: 1, _id: 1 },
    { status: 1, location: 1, _id: 1 },
  ],
});
