import { test } from 'vitest';
import { apiSpecification, callerOf, endpointContract, inStream } from '../testing.ts';
import { writeSide } from './index.ts';
import { bikeRentalSteps } from './steps.ts';

type Event = { type: string; data: object };
const bike = (...events: Event[]) => inStream('bike-1', ...events);

/** The time of the specifications' requests. */
const NOW = '2026-01-31T09:00:00.000Z';
const [JEONGJA, SEOHYEON] = ['정자역', '서현역'];
const tariff = { baseFee: 1_000, perMinute: 100 };
const registered = { type: 'BikeRegistered', data: { bikeId: '1', location: JEONGJA } };
const retired = { type: 'BikeRetired', data: { bikeId: '1', location: JEONGJA } };
const named = { bikeId: '1', rentalId: 'r1' };
const rental = { ...named, userId: 'CUST1' };
const rented = { type: 'BikeRented', data: { ...rental, location: JEONGJA, rentedAt: NOW, tariff } };
const returned = {
  type: 'BikeReturned',
  data: { ...rental, location: SEOHYEON, rentedAt: NOW, returnedAt: NOW, tariff },
};
const stations = inStream('bikeLocations-all', { type: 'LocationAdded', data: { location: SEOHYEON } });

const report = { bikeId: '1', reportId: 'p1', managerId: 'M1', batteryLevel: 80, usable: true };
const reported = { type: 'ConditionReported', data: { ...report, reportedAt: NOW, points: 1_000 } };

const charge = { userId: 'CUST1', chargeId: 'c1', amount: 5_000 };
const requested = {
  type: 'ChargeRequested',
  data: { ...charge, charge: '0', method: 'card', requestedAt: NOW, balance: 0, outstanding: 0 },
};
const charged = {
  type: 'DepositCharged',
  data: { ...charge, charge: '0', method: 'card', settled: 0, chargedAt: NOW, balance: 5_000, outstanding: 0 },
};

const conversion = { managerId: 'M1', conversionId: 'v1', userId: 'CUST1' };
const awarded = {
  type: 'PointsAwarded',
  data: {
    managerId: 'M1',
    bikeId: '1',
    reportId: 'p1',
    points: 1_000,
    reportedAt: NOW,
    total: 1_000,
    bikeRevision: '1',
  },
};
const converted = { type: 'PointsConverted', data: { ...conversion, points: 1_000, convertedAt: NOW, total: 0 } };
const manager = (...events: Event[]) => inStream('manager-M1', ...events);
const settings = (...events: Event[]) => inStream('rentalSettings-all', ...events);

const BIKE = '/bike-rental/bikes/{bikeId}';

const steps = bikeRentalSteps({
  payments: { circuit: () => 'closed', charge: async () => 'approved', find: async () => undefined },
  answerWithinMs: 1_000,
  maxPayments: 1,
});

endpointContract(
  writeSide,
  {
    'POST /bike-rental/bikes': {
      data: { bikeId: '1', location: JEONGJA },
      answer: { bikeId: '1', location: JEONGJA, status: 'available' },
      stored: bike(registered),
      refused: { 'bike-already-registered': bike({ ...registered, data: { bikeId: '1', location: SEOHYEON } }) },
    },
    [`PATCH ${BIKE}`]: {
      given: bike(registered),
      data: { bikeId: '1', to: SEOHYEON },
      answer: { bikeId: '1', location: SEOHYEON },
      stored: bike({ type: 'BikeMoved', data: { bikeId: '1', from: JEONGJA, location: SEOHYEON } }),
      refused: { 'bike-not-available': bike(rented), 'bike-retired': bike(retired) },
    },
    [`DELETE ${BIKE}`]: {
      given: bike(registered),
      data: { bikeId: '1' },
      answer: { bikeId: '1', status: 'retired' },
      stored: bike(retired),
      refused: { 'bike-not-available': bike(rented), 'bike-retired': bike(retired) },
    },
    [`POST ${BIKE}/rentals`]: {
      given: bike(registered),
      data: rental,
      answer: { ...rental, status: 'in-use', rentedAt: NOW, tariff },
      stored: bike(rented),
      refused: {
        'bike-retired': bike(retired),
        'bike-not-available': bike({ ...rented, data: { ...rented.data, rentalId: 'r0' } }),
      },
    },
    [`POST ${BIKE}/rentals/{rentalId}/return`]: {
      given: [...bike(registered, rented), ...stations],
      data: { ...named, location: SEOHYEON },
      answer: { ...rental, location: SEOHYEON, status: 'returned', rentedAt: NOW, returnedAt: NOW },
      stored: bike(returned),
      refused: { 'already-returned': bike(returned) },
    },
    [`POST ${BIKE}/condition-reports`]: {
      given: bike(registered),
      data: report,
      answer: { ...report, points: 1_000 },
      stored: bike(reported),
      refused: { 'bike-retired': bike(retired) },
    },
    'POST /bike-rental/users/{userId}/deposits': {
      data: { ...charge, payment: { method: 'card', token: 'approve' } },
      answer: { ...charge, balance: 5_000, outstanding: 0, status: 'charged' },
      stored: inStream('deposit-CUST1', requested, charged),
      refused: { 'charge-already-exists': inStream('deposit-CUST1', requested, charged) },
    },
    'POST /bike-rental/managers/{managerId}/conversions': {
      given: manager(awarded),
      data: { ...conversion, points: 1_000 },
      answer: { ...conversion, converted: 1_000, points: 0 },
      stored: manager(converted),
      refused: { 'not-enough-points': manager({ ...converted, data: { ...converted.data, conversionId: 'v0' } }) },
    },
    'PUT /bike-rental/tariff': {
      data: { base: 500, perMinute: 50 },
      answer: { base: 500, perMinute: 50 },
      stored: settings({ type: 'TariffChanged', data: { base: 500, perMinute: 50 } }),
    },
    'PUT /bike-rental/points': {
      data: { perReport: 700 },
      answer: { perReport: 700 },
      stored: settings({ type: 'PointsChanged', data: { perReport: 700 } }),
    },
  },
  { steps },
);

test('deposits in cash are for staff', async () => {
  const callers = { owner: callerOf('CUST1', 'customer'), clerk: callerOf('CLERK', 'staff') };
  const payInCash = (caller: string) =>
    apiSpecification(writeSide, { steps, callers })
      .given()
      .when('POST', '/bike-rental/users/CUST1/deposits', { chargeId: 'c1', amount: 5_000 }, { Authorization: caller });
  await payInCash('owner').thenRefused(403, 'forbidden');
  const { charge: _, ...inCash } = charged.data;
  await payInCash('clerk').thenAnswered(
    201,
    { balance: 5_000, status: 'charged' },
    ...inStream('deposit-CUST1', { type: 'DepositCharged', data: { ...inCash, method: 'cash' } }),
  );
});
