import { Type } from 'typebox';
import { anyone, customer, own, type Rule, staff } from './access.ts';
import {
  type ContextSchema,
  command,
  type EventOf,
  event,
  internalCommand,
  inView,
  list,
  one,
  optionalFieldAdded,
  Strict,
} from './kernel/context.ts';
import { Id, Money, RevisionText, Status, Text, Time } from './kernel/values.ts';

const Location = Text(100, '분당_정자역_1구역');
const BatteryLevel = Type.Integer({ minimum: 0, maximum: 100, description: 'Percent.', examples: [80] });
const Usable = Type.Boolean({ description: 'Whether the bike can be ridden.' });
const Amount = Type.Integer({ minimum: 1, maximum: 1_000_000_000, examples: [100_000] });
const Points = Type.Integer({ minimum: 1, maximum: 1_000_000_000, examples: [1000] });
const Minutes = Type.Integer({ minimum: 1, description: 'Started minutes.', examples: [12] });
const Sum = Type.Integer({ minimum: 0, examples: [98_400] });

const Tariff = Strict({ baseFee: Money, perMinute: Money });
const rental = { bikeId: Id, rentalId: Id, userId: Id };
/**
 * The revision of the bike's event that a bill, fee or award follows: the id of a rental or report may be used again, a
 * revision is not. Events of version 1 do not have it.
 */
const bikeRevision = Type.Optional(RevisionText);
/** The same for the event of the manager that a credit follows. */
const managerRevision = Type.Optional(RevisionText);
/** The state of a deposit after an event. */
const standing = { balance: Sum, outstanding: Sum };

export const events = {
  BikeRegistered: event('A bike was registered at a location', Strict({ bikeId: Id, location: Location })),
  BikeRented: event('A user rented the bike', Strict({ ...rental, location: Location, rentedAt: Time })),
  BikeReturned: event(
    'The bike was returned to a location',
    Strict({ ...rental, location: Location, rentedAt: Time, returnedAt: Time }),
  ),
  ConditionReported: event(
    'A manager reported the condition of the bike',
    Strict({
      bikeId: Id,
      reportId: Id,
      managerId: Id,
      batteryLevel: BatteryLevel,
      usable: Usable,
      reportedAt: Time,
    }),
  ),
  BillOpened: event(
    'The bill of a rental was opened with its tariff',
    Strict({ ...rental, tariff: Tariff, rentedAt: Time, bikeRevision }),
    2,
    optionalFieldAdded,
  ),
  BillClosed: event(
    'The bill of a rental was closed with its fee',
    Strict({ ...rental, tariff: Tariff, rentedAt: Time, returnedAt: Time, minutes: Minutes, fee: Money, bikeRevision }),
    2,
    optionalFieldAdded,
  ),
  DepositCharged: event(
    'A user added money; an outstanding amount is settled first',
    Strict({ userId: Id, chargeId: Id, amount: Amount, settled: Sum, chargedAt: Time, ...standing }),
  ),
  FeeDeducted: event(
    'The fee was deducted; the part above the balance is outstanding',
    Strict({ ...rental, fee: Money, paid: Sum, closedAt: Time, ...standing, bikeRevision }),
    2,
    optionalFieldAdded,
  ),
  DepositCredited: event(
    'Points were converted into deposit; an outstanding amount is settled first',
    Strict({
      userId: Id,
      managerId: Id,
      conversionId: Id,
      amount: Points,
      settled: Sum,
      convertedAt: Time,
      ...standing,
      managerRevision,
    }),
    2,
    optionalFieldAdded,
  ),
  PointsAwarded: event(
    'The manager earned points with a report',
    Strict({ managerId: Id, bikeId: Id, reportId: Id, points: Points, reportedAt: Time, total: Sum, bikeRevision }),
    2,
    optionalFieldAdded,
  ),
  PointsConverted: event(
    "The manager converted points into a user's deposit",
    Strict({ managerId: Id, conversionId: Id, userId: Id, points: Points, convertedAt: Time, total: Sum }),
  ),
};

const RentalStatus = Status('in-use', 'returned');
const BikeStatus = Status('available', 'in-use', 'out-of-service');

const commands = {
  RegisterBike: command(
    'Put a bike at a place',
    Strict({ bikeId: Id, location: Location }),
    {
      method: 'POST',
      path: '/bike-rental/bikes',
      id: 'bikeId',
      status: 201,
      location: '/bike-rental/bikes/{bikeId}',
      answer: Strict({ bikeId: Id, location: Location, status: BikeStatus }),
    },
    ['bike-already-registered'],
  ),
  RentBike: command(
    'Rent a bike',
    Strict(rental),
    {
      method: 'POST',
      path: '/bike-rental/bikes/{bikeId}/rentals',
      id: 'rentalId',
      status: 201,
      location: '/bike-rental/bikes/{bikeId}/rentals/{rentalId}',
      answer: Strict({ ...rental, status: RentalStatus, rentedAt: Time }),
    },
    ['bike-not-found', 'bike-not-available', 'rental-already-exists'],
  ),
  ReturnBike: command(
    'Return a bike, to whatever place',
    Strict({ bikeId: Id, rentalId: Id, location: Location }),
    {
      method: 'POST',
      path: '/bike-rental/bikes/{bikeId}/rentals/{rentalId}/return',
      status: 200,
      location: '/bike-rental/bikes/{bikeId}/rentals/{rentalId}',
      answer: Strict({ ...rental, location: Location, status: RentalStatus, rentedAt: Time, returnedAt: Time }),
    },
    ['bike-not-found', 'rental-not-found', 'already-returned'],
  ),
  ReportCondition: command(
    'Report how a bike is: one that is not usable goes out of service, after any running rental',
    Strict({ bikeId: Id, reportId: Id, managerId: Id, batteryLevel: BatteryLevel, usable: Usable }),
    {
      method: 'POST',
      path: '/bike-rental/bikes/{bikeId}/condition-reports',
      id: 'reportId',
      status: 201,
      location: '/bike-rental/bikes/{bikeId}',
      answer: Strict({ bikeId: Id, reportId: Id, managerId: Id, batteryLevel: BatteryLevel, usable: Usable }),
    },
    ['bike-not-found', 'report-already-exists'],
  ),
  OpenBill: internalCommand(
    'Open the bill of a rental',
    Strict({ ...rental, rentedAt: Time, bikeRevision: RevisionText }),
  ),
  CloseBill: internalCommand(
    'Close the bill of a rental',
    Strict({ ...rental, rentedAt: Time, returnedAt: Time, bikeRevision: RevisionText }),
  ),
  ChargeDeposit: command(
    'Add money to a deposit',
    Strict({ userId: Id, chargeId: Id, amount: Amount }),
    {
      method: 'POST',
      path: '/bike-rental/users/{userId}/deposits',
      id: 'chargeId',
      status: 201,
      location: '/bike-rental/users/{userId}/deposit',
      answer: Strict({ userId: Id, chargeId: Id, amount: Amount, ...standing }),
    },
    ['charge-already-exists', 'deposit-full'],
  ),
  DeductFee: internalCommand(
    "Deduct a bill's fee from the deposit",
    Strict({ ...rental, fee: Money, closedAt: Time, bikeRevision }),
  ),
  CreditDeposit: internalCommand(
    'Add converted points to the deposit',
    Strict({
      userId: Id,
      managerId: Id,
      conversionId: Id,
      amount: Points,
      convertedAt: Time,
      managerRevision: RevisionText,
    }),
  ),
  AwardPoints: internalCommand(
    'Award a manager points for a report',
    Strict({ managerId: Id, bikeId: Id, reportId: Id, reportedAt: Time, bikeRevision: RevisionText }),
  ),
  ConvertPoints: command(
    "Convert points into a user's deposit, one for one",
    Strict({ managerId: Id, conversionId: Id, points: Points, userId: Id }),
    {
      method: 'POST',
      path: '/bike-rental/managers/{managerId}/conversions',
      id: 'conversionId',
      status: 201,
      location: '/bike-rental/managers/{managerId}',
      answer: Strict({ managerId: Id, conversionId: Id, userId: Id, converted: Points, points: Sum }),
    },
    ['not-enough-points', 'conversion-already-exists'],
  ),
};

const Bike = Strict({
  bikeId: Id,
  status: BikeStatus,
  location: Location,
  usable: Usable,
  batteryLevel: Type.Optional(BatteryLevel),
  rentalId: Type.Optional(Id),
  reportedAt: Type.Optional(Time),
});

const billFields = {
  status: Status('open', 'closed'),
  tariff: Tariff,
  openedAt: Time,
  closedAt: Type.Optional(Time),
  minutes: Type.Optional(Minutes),
  fee: Type.Optional(Money),
  paid: Type.Optional(
    Type.Integer({ minimum: 0, description: 'The part that the balance covered; the rest was outstanding.' }),
  ),
};

const Bill = Strict({ ...rental, ...billFields });

const rentalFields = {
  from: Location,
  to: Type.Optional(Location),
  rentedAt: Time,
  returnedAt: Type.Optional(Time),
  bill: Type.Optional(Strict(billFields)),
};

const Rental = Strict({ ...rental, status: RentalStatus, ...rentalFields });

/** A rental with its bill, or converted points. */
const HistoryItem = Strict({
  userId: Id,
  kind: Status('rental', 'conversion'),
  at: Time,
  status: Status('in-use', 'returned', 'credited'),
  bikeId: Type.Optional(Id),
  rentalId: Type.Optional(Id),
  ...rentalFields,
  from: Type.Optional(Location),
  rentedAt: Type.Optional(Time),
  managerId: Type.Optional(Id),
  conversionId: Type.Optional(Id),
  amount: Type.Optional(Points),
});

const Deposit = Strict({ userId: Id, ...standing });
const Manager = Strict({ managerId: Id, points: Sum });

export const queries = {
  ...inView('bike-rental.bikes', {
    bikes: list('The bikes', '/bike-rental/bikes', Bike, { filters: { status: BikeStatus }, sorts: ['location'] }),
    bike: one('One bike', '/bike-rental/bikes/{bikeId}', Bike),
  }),
  ...inView('bike-rental.rentals', {
    rental: one('One rental with its bill', '/bike-rental/bikes/{bikeId}/rentals/{rentalId}', Rental),
    userRentals: list(
      "A user's rental and billing history: rentals with their bills, and points that became deposit",
      '/bike-rental/users/{userId}/rentals',
      HistoryItem,
      { filters: { kind: HistoryItem.properties.kind, status: HistoryItem.properties.status }, sorts: ['at'] },
    ),
  }),
  ...inView('bike-rental.deposits', {
    deposit: one("A user's deposit", '/bike-rental/users/{userId}/deposit', Deposit),
  }),
  ...inView('bike-rental.managers', {
    manager: one("A manager's points", '/bike-rental/managers/{managerId}', Manager),
  }),
  ...inView('bike-rental.bills', {
    bills: list('The bills', '/bike-rental/bills', Bill, {
      filters: { status: Bill.properties.status },
      sorts: ['openedAt'],
    }),
  }),
};

const Count = Type.Integer({ minimum: 0 });

export const overview = Strict({
  totals: Strict({ bikes: Count, available: Count, inUse: Count, outOfService: Count, openBills: Count }),
  bikes: Type.Array(Bike, { maxItems: 200, description: 'By location; the rest are in /bike-rental/bikes.' }),
  rentals: Type.Array(Rental, { maxItems: 50, description: 'The newest first.' }),
});

const ofManager: Rule = { manager: own('managerId'), ...staff };

export const schema = {
  name: 'bike-rental',
  title: 'Bike rental',
  scope: { kind: 'station', field: 'location', roles: { manager: 'all' } },
  events,
  commands,
  queries,
  access: {
    RegisterBike: staff,
    RentBike: customer('userId'),
    ReturnBike: customer('userId'),
    ReportCondition: ofManager,
    ChargeDeposit: customer('userId'),
    ConvertPoints: ofManager,
    bikes: anyone,
    bike: anyone,
    rental: customer('userId'),
    userRentals: customer('userId'),
    deposit: customer('userId'),
    manager: ofManager,
    bills: staff,
  },
  problems: {
    'bike-not-found': { status: 404, title: 'There is no such bike' },
    'bike-already-registered': { status: 409, title: 'A bike with this id exists already' },
    'bike-not-available': { status: 409, title: 'The bike is in use or out of service' },
    'rental-already-exists': { status: 409, title: 'A rental with this id exists already' },
    'rental-not-found': { status: 404, title: 'There is no such rental' },
    'already-returned': { status: 409, title: 'The bike was returned already' },
    'report-already-exists': { status: 409, title: 'A report with this id exists already' },
    'charge-already-exists': { status: 409, title: 'A charge with this id exists already' },
    'deposit-full': { status: 409, title: 'The deposit would be over 1,000,000,000,000' },
    'not-enough-points': { status: 409, title: 'The manager has fewer points' },
    'conversion-already-exists': { status: 409, title: 'A conversion with this id exists already' },
  },
  overview,
} as const satisfies ContextSchema;

export type BikeRentalEvent = EventOf<typeof events>;
