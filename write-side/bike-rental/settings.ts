import { schema as bikeRental, defaults, type Tariff } from '../../schemas/bike-rental.ts';
import { decider } from '../kernel/decider.ts';

/** The settings of bike rental, as other streams read them. */
export type RentalSettings = { tariff: Tariff; perReport: number };

const initialState: RentalSettings = defaults;

/** The tariff and the points per report. */
export const settings = decider(bikeRental, {
  stream: 'rentalSettings-all',
  initialState,

  evolve: {
    TariffChanged: (state, { base, ...rates }) => ({ ...state, tariff: { baseFee: base, ...rates } }),
    PointsChanged: (state, { perReport }) => ({ ...state, perReport }),
  },

  commands: {
    ChangeTariff: {
      decide: (data, { tariff: { baseFee, perMinute, dailyMax } }) =>
        data.base === baseFee && data.perMinute === perMinute && data.dailyMax === dailyMax
          ? []
          : [{ type: 'TariffChanged', data }],
    },

    ChangePoints: {
      decide: (data, { perReport }) => (data.perReport === perReport ? [] : [{ type: 'PointsChanged', data }]),
    },

    ReadSettings: { decide: () => [], read: (state) => state },
  },

  snapshotVersion: 1,
});
