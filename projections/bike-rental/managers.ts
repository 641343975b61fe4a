import type { Static } from 'typebox';
import { schema as bikeRental, type queries } from '../../schemas/bike-rental.ts';
import { projection } from '../kernel/projection.ts';

type Manager = Static<typeof queries.manager.item>;

export const managers = projection({
  context: bikeRental,
  name: 'bike-rental.managers',
  version: 1,
  events: ['PointsAwarded', 'PointsConverted'],
  key: (event) => event.data.managerId,
  evolve: (_before: Manager | null, event): Manager => ({ managerId: event.data.managerId, points: event.data.total }),
  indexes: [],
});
