import type { Static } from 'typebox';
import { schema as bikeRental, type queries } from '../../schemas/bike-rental.ts';
import { projection } from '../kernel/projection.ts';

type Report = Static<typeof queries.reports.item>;

/** The condition reports of all bikes. */
export const reports = projection<Report>()({
  context: bikeRental,
  name: 'bike-rental.reports',
  version: 1,
  // The id of a report may be used again.
  key: ({ bikeId, reportId, reportedAt }) => `${bikeId}.${reportId}.${reportedAt}`,
  on: { ConditionReported: (_report, data) => data },
});
