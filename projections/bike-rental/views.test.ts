import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { type BikeRentalEvent, queries } from '../../schemas/bike-rental.ts';
import type { Projection } from '../kernel/projection.ts';
import { documentsAfter } from '../kernel/testing.ts';
import { bikes } from './bikes.ts';
import { bills } from './bills.ts';
import { deposits } from './deposits.ts';
import { managers } from './managers.ts';
import { rentals } from './rentals.ts';

const ajv = new Ajv({ strict: true });
formats.default(ajv, ['date-time']);

const timeOf = (index: number) => new Date(Date.parse('2026-01-31T09:00:00.000Z') + index * 60_000).toISOString();

/** A view after events: its documents by their `_id`. */
const viewAfter = (projection: Projection, events: readonly BikeRentalEvent[]): Record<string, object> =>
  documentsAfter(projection, ...events.map((event, index) => ({ ...event, time: timeOf(index) })));

const rental = { bikeId: 'bike-1', rentalId: 'r-1', userId: 'user-1' };
const tariff = { baseFee: 1_000, perMinute: 100 };
const [station, elsewhere] = ['분당_정자역_1구역', '분당_정자역_3구역'];
const rentedAt = timeOf(1);
const returnedAt = timeOf(5);

const registered: BikeRentalEvent = { type: 'BikeRegistered', data: { bikeId: 'bike-1', location: station } };
const rented: BikeRentalEvent = { type: 'BikeRented', data: { ...rental, location: station, rentedAt } };
const opened: BikeRentalEvent = { type: 'BillOpened', data: { ...rental, tariff, rentedAt } };
const reported = (usable: boolean): BikeRentalEvent => ({
  type: 'ConditionReported',
  data: { bikeId: 'bike-1', reportId: 'p-1', managerId: 'm-1', batteryLevel: 15, usable, reportedAt: timeOf(3) },
});
const returned: BikeRentalEvent = {
  type: 'BikeReturned',
  data: { ...rental, location: elsewhere, rentedAt, returnedAt },
};
const closed: BikeRentalEvent = {
  type: 'BillClosed',
  data: { ...rental, tariff, rentedAt, returnedAt, minutes: 4, fee: 1_400 },
};
const deducted: BikeRentalEvent = {
  type: 'FeeDeducted',
  data: { ...rental, fee: 1_400, closedAt: returnedAt, paid: 400, balance: 0, outstanding: 1_000 },
};
const charged: BikeRentalEvent = {
  type: 'DepositCharged',
  data: {
    userId: 'user-1',
    chargeId: 'c-1',
    amount: 5_000,
    settled: 1_000,
    chargedAt: returnedAt,
    balance: 4_000,
    outstanding: 0,
  },
};
const awarded: BikeRentalEvent = {
  type: 'PointsAwarded',
  data: { managerId: 'm-1', bikeId: 'bike-1', reportId: 'p-1', points: 1_000, reportedAt: timeOf(3), total: 1_000 },
};
const conversion = { managerId: 'm-1', conversionId: 'v-1', userId: 'user-1', convertedAt: timeOf(9) };
const converted: BikeRentalEvent = { type: 'PointsConverted', data: { ...conversion, points: 600, total: 400 } };
const credited: BikeRentalEvent = {
  type: 'DepositCredited',
  data: { ...conversion, amount: 600, settled: 0, balance: 4_600, outstanding: 0 },
};

const everything = [
  registered,
  rented,
  opened,
  reported(false),
  awarded,
  returned,
  closed,
  deducted,
  charged,
  converted,
  credited,
];

describe('bikes', () => {
  const bike = (...events: BikeRentalEvent[]) => viewAfter(bikes, [registered, ...events])['bike-1'];

  it('stand where they were put', () =>
    expect(bike()).toEqual({ bikeId: 'bike-1', status: 'available', location: station, usable: true }));
  it('are in use until they are returned', () => {
    expect(bike(rented)).toMatchObject({ status: 'in-use', rentalId: 'r-1', location: station });
    expect(bike(rented, returned)).toEqual({
      bikeId: 'bike-1',
      status: 'available',
      location: elsewhere,
      usable: true,
    });
  });
  it('go out of service when they are not usable, after the running rental', () => {
    expect(bike(reported(false))).toMatchObject({ status: 'out-of-service', batteryLevel: 15 });
    expect(bike(rented, reported(false))).toMatchObject({ status: 'in-use', usable: false });
    expect(bike(rented, reported(false), returned)).toMatchObject({ status: 'out-of-service' });
    expect(bike(reported(false), reported(true))).toMatchObject({ status: 'available', usable: true });
  });
});

describe('rentals', () => {
  const line = (...events: BikeRentalEvent[]) => viewAfter(rentals, events)['bike-1.r-1'];

  it('have their bill beside them', () => {
    expect(line(rented)).toEqual({
      kind: 'rental',
      at: rentedAt,
      ...rental,
      status: 'in-use',
      from: station,
      rentedAt,
    });
    expect(line(rented, opened)).toMatchObject({ bill: { status: 'open', tariff, openedAt: timeOf(1) } });
    expect(line(rented, opened, returned, closed, deducted)).toMatchObject({
      status: 'returned',
      to: elsewhere,
      returnedAt,
      bill: { status: 'closed', minutes: 4, fee: 1_400, paid: 400, closedAt: timeOf(3) },
    });
  });
  it('keep the bill and the fee of an earlier rental of the same id away from the next one', () => {
    const again = { rentedAt: timeOf(20), returnedAt: timeOf(25) };
    const rides: BikeRentalEvent[] = [
      rented,
      returned,
      { type: 'BikeRented', data: { ...rental, userId: 'user-2', location: station, rentedAt: again.rentedAt } },
      { type: 'BikeReturned', data: { ...rental, userId: 'user-2', location: station, ...again } },
    ];
    const bill2: BikeRentalEvent[] = [
      { type: 'BillOpened', data: { ...rental, tariff, rentedAt: again.rentedAt } },
      { type: 'BillClosed', data: { ...rental, tariff, ...again, minutes: 5, fee: 1_500 } },
    ];
    expect(line(...rides, opened, closed)).not.toHaveProperty('bill');
    const bill = { status: 'closed', minutes: 5, fee: 1_500 };
    const shown = line(...rides, opened, closed, ...bill2, deducted) as { bill?: object };
    expect(shown.bill).toMatchObject(bill);
    expect(shown.bill).not.toHaveProperty('paid');
    expect(viewAfter(bills, [opened, closed, ...bill2, deducted])['bike-1.r-1']).not.toHaveProperty('paid');
  });
  it('get it late when billing was away', () =>
    expect(line(rented, returned, opened, closed)).toMatchObject({ status: 'returned', bill: { fee: 1_400 } }));
  it('stand beside the points that became deposit', () =>
    expect(viewAfter(rentals, [credited])).toEqual({
      'm-1.v-1.conversion': {
        kind: 'conversion',
        at: timeOf(9),
        userId: 'user-1',
        status: 'credited',
        managerId: 'm-1',
        conversionId: 'v-1',
        amount: 600,
      },
    }));
});

it.each([
  [bikes, registered],
  [rentals, rented],
  [bills, opened],
])('$name parks an event of what never began', (projection, first) => {
  const others = everything.filter(({ type }) => projection.events.includes(type) && type !== 'DepositCredited');
  for (const event of others.filter((other) => other !== first))
    expect(() => viewAfter(projection, [event]), event.type).toThrow('never');
});

it.each<[Projection, { item: object }, number, string[]]>([
  [bikes, queries.bike, 1, []],
  [rentals, queries.userRentals, 2, []],
  [bills, queries.bills, 1, ['returnedAt']],
  [deposits, queries.deposit, 1, []],
  [managers, queries.manager, 1, []],
])('$name has documents of the shape that its queries tell', (projection, query, count, unshown) => {
  const isItem = ajv.compile(query.item);
  const documents = Object.values(viewAfter(projection, everything));
  expect(documents).toHaveLength(count);
  for (const document of documents) {
    isItem(Object.fromEntries(Object.entries(document).filter(([field]) => !unshown.includes(field))));
    expect(isItem.errors).toBeNull();
  }
});

it('deposits and managers stand where the last event left them', () => {
  expect(viewAfter(deposits, everything)).toEqual({
    'user-1': { userId: 'user-1', balance: 4_600, outstanding: 0 },
  });
  expect(viewAfter(managers, everything)).toEqual({ 'm-1': { managerId: 'm-1', points: 400 } });
});
