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
import { movements } from './movements.ts';
import { rentals } from './rentals.ts';
import { reports } from './reports.ts';
import { settings } from './settings.ts';

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

describe('moved and retired bikes', () => {
  const moved: BikeRentalEvent = {
    type: 'BikeMoved',
    data: { bikeId: 'bike-1', from: station, location: elsewhere },
  };
  const retired: BikeRentalEvent = { type: 'BikeRetired', data: { bikeId: 'bike-1', location: elsewhere } };
  it('stand where they were brought', () =>
    expect(viewAfter(bikes, [registered, moved])['bike-1']).toMatchObject({
      status: 'available',
      location: elsewhere,
    }));
  it('are retired for good', () =>
    expect(viewAfter(bikes, [registered, moved, retired])['bike-1']).toMatchObject({ status: 'retired' }));
});

it('reports are shown with the points that they earned, also when an id is used again', () => {
  const again: BikeRentalEvent = {
    type: 'ConditionReported',
    data: { ...(reported(true).data as { bikeId: string }), reportedAt: timeOf(7), points: 0 } as never,
  };
  const shown = Object.values(viewAfter(reports, [reported(false), again]));
  expect(shown).toMatchObject([
    { reportId: 'p-1', usable: false },
    { reportId: 'p-1', usable: true, points: 0 },
  ]);
});

describe('bills', () => {
  const billPaid = (paid: number, closedAt = returnedAt): BikeRentalEvent => ({
    type: 'BillPaid',
    data: { ...rental, amount: 600, paid, closedAt },
  });
  const paidIn = (...events: BikeRentalEvent[]) => {
    const all = [rented, opened, returned, closed, deducted, ...events];
    const { bill } = viewAfter(rentals, all)['bike-1.r-1'] as { bill: { paid: number } };
    return [(viewAfter(bills, all.slice(1))['bike-1.r-1'] as { paid: number }).paid, bill.paid];
  };

  it('show the part that the balance covered, and then the money that settled more', () => {
    expect(paidIn()).toEqual([400, 400]);
    expect(paidIn(billPaid(1_000), billPaid(1_400))).toEqual([1_400, 1_400]);
  });
  it('show nothing of the bill of an earlier rental of the same id', () =>
    expect(paidIn(billPaid(1_400, timeOf(1)))).toEqual([400, 400]));
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
  [movements, queries.movements, 3, []],
  [reports, queries.reports, 1, []],
])('$name has documents of the shape that its queries tell', (projection, query, count, unshown) => {
  const isItem = ajv.compile(query.item);
  const documents = Object.values(viewAfter(projection, everything));
  expect(documents).toHaveLength(count);
  for (const document of documents) {
    isItem(Object.fromEntries(Object.entries(document).filter(([field]) => !unshown.includes(field))));
    expect(isItem.errors).toBeNull();
  }
});

describe('movements', () => {
  const charge = { userId: 'user-1', chargeId: 'c-9', charge: '4', amount: 700 };
  const requested: BikeRentalEvent = {
    type: 'ChargeRequested',
    data: { ...charge, method: 'card', requestedAt: timeOf(7), balance: 0, outstanding: 300 },
  };
  const paid: BikeRentalEvent = {
    type: 'DepositCharged',
    data: { ...charge, method: 'card', settled: 300, chargedAt: timeOf(8), balance: 400, outstanding: 0 },
  };
  const declined: BikeRentalEvent = {
    type: 'ChargeDeclined',
    data: { ...charge, reason: 'timed-out', declinedAt: timeOf(8), balance: 0, outstanding: 300 },
  };

  it('are the charges, fees and credits of a deposit, each with the balance after it', () => {
    const shown = Object.values(viewAfter(movements, [deducted, charged, credited]));
    expect(shown).toMatchObject([
      { kind: 'fee', amount: 1_400, balance: 0, outstanding: 1_000, bikeId: 'bike-1', rentalId: 'r-1' },
      { kind: 'charge', status: 'charged', amount: 5_000, balance: 4_000, outstanding: 0, chargeId: 'c-1' },
      { kind: 'conversion', amount: 600, balance: 4_600, managerId: 'm-1', conversionId: 'v-1' },
    ]);
  });
  it('show a charge while its payment is open, and how it ended', () => {
    const one = (...events: BikeRentalEvent[]) => viewAfter(movements, events)['user-1.c-9'];
    expect(one(requested)).toMatchObject({ status: 'pending', method: 'card', balance: 0, outstanding: 300 });
    expect(one(requested, paid)).toMatchObject({ status: 'charged', balance: 400, outstanding: 0 });
    expect(one(requested, declined)).toMatchObject({ status: 'declined', reason: 'timed-out', outstanding: 300 });
    expect(one(requested, declined, { type: 'ChargeRefunded', data: charge })).toMatchObject({ status: 'refunded' });
    expect(one(requested, declined, { type: 'ChargeVoided', data: charge })).toMatchObject({ status: 'voided' });
    expect(() => one(declined)).toThrow('never requested');
  });
});

it('the settings are the defaults, except what was set', () => {
  const points: BikeRentalEvent = { type: 'PointsChanged', data: { perReport: 500 } };
  const dear: BikeRentalEvent = { type: 'TariffChanged', data: { base: 1, perMinute: 2, dailyMax: 3 } };
  const cheap: BikeRentalEvent = { type: 'TariffChanged', data: { base: 1, perMinute: 2 } };
  expect(viewAfter(settings, [points])['']).toEqual({ base: 1_000, perMinute: 100, perReport: 500 });
  expect(viewAfter(settings, [dear])['']).toEqual({ base: 1, perMinute: 2, dailyMax: 3, perReport: 1_000 });
  expect(viewAfter(settings, [dear, points, cheap])['']).toEqual({ base: 1, perMinute: 2, perReport: 500 });
});

it('deposits and managers stand where the last event left them', () => {
  expect(viewAfter(deposits, everything)).toEqual({
    'user-1': { userId: 'user-1', balance: 4_600, outstanding: 0 },
  });
  expect(viewAfter(managers, everything)).toEqual({ 'm-1': { managerId: 'm-1', points: 400 } });
});
