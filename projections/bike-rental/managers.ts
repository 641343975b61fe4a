import type { Static } from 'typebox';
import { schema as bikeRental, type queries } from '../../schemas/bike-rental.ts';
import { projection } from '../kernel/projection.ts';

type Manager = Static<typeof queries.manager.item>;

export const managers = projection<Manager>()({
  context: bikeRental,
  name: 'bike-rental.managers',
  version: 1,
  key: ({ managerId }) => managerId,
  on: {
    PointsAwarded: (_manager, { managerId, total }) => ({ managerId, points: total }),
    PointsConverted: (_manager, { managerId, total }) => ({ managerId, points: total }),
  },
});
