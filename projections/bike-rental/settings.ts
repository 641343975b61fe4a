import type { Static } from 'typebox';
import { schema as bikeRental, queries } from '../../schemas/bike-rental.ts';
import { projection } from '../kernel/projection.ts';

type Settings = Static<typeof queries.tariff.item> & Static<typeof queries.points.item>;

/** The one document of the settings. */
export const settings = projection<Settings>()({
  context: bikeRental,
  name: 'bike-rental.settings',
  version: 1,
  key: () => '',
  on: {
    TariffChanged: (settings, tariff) => ({ perReport: (settings ?? initial).perReport, ...tariff }),
    PointsChanged: (settings, { perReport }) => ({ ...(settings ?? initial), perReport }),
  },
});

const initial = queries.tariff.otherwise as Settings;
