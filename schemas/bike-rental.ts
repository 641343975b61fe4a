import { type Static, Type } from 'typebox';
import { admin, anyone, customer, own, type Rule, staff } from './access.ts';
import { type CommandOf, type ContextSchema, command, type EventOf, event } from './kernel/context.ts';
import { MAX_MONEY } from './kernel/money.ts';
import { Method, Payment, PaymentFailure } from './kernel/payments.ts';
import { inView, list, one } from './kernel/queries.ts';
import { Count, Id, Money, RevisionText, Status, Strict, Text, Time } from './kernel/values.ts';

const Location = Text(100, '분당_정자역_1구역');
const BatteryLevel = Type.Integer({ minimum: 0, maximum: 100, description: 'Percent.', examples: [80] });
const Usable = Type.Boolean({ description: 'Whether the bike can be ridden.' });
const Amount = Type.Integer({ minimum: 1, maximum: 1_000_000_000, examples: [100_000] });
const Points = Type.Integer({ minimum: 1, maximum: 1_000_000_000, examples: [1000] });
const Minutes = Type.Integer({ minimum: 1, description: 'Started minutes.', examples: [12] });
const Sum = Type.Integer({ minimum: 0, examples: [98_400] });

const DailyMax = Type.Integer({
  minimum: 0,
  maximum: MAX_MONEY,
  description: 'The most that each started 24 hours of a rental cost; left out, there is no such limit.',
  examples: [20_000],
});
const Tariff = Strict({ baseFee: Money, perMinute: Money, dailyMax: Type.Optional(DailyMax) });
const PointsPerReport = Type.Integer({ minimum: 0, maximum: 1_000_000, examples: [1000] });

/** The tariff and the points per report until an admin sets others. */
export const defaults = { tariff: { baseFee: 1_000, perMinute: 100 }, perReport: 1_000 };

const rental = { bikeId: Id, rentalId: Id, userId: Id };
/**
 * The revision of the bike's event that a bill, fee or award follows: the id of a rental or report may be used again, a
 * revision is not. Events of version 1 do not have it.
 */
const bikeRevision = Type.Optional(RevisionText);
/** The same for the event of the manager that a credit follows. */
const managerRevision = Type.Optional(RevisionText);
/** The tariff that holds for a rental from its start to its bill. Events of version 1 do not have it. */
const agreedTariff = Type.Optional(Tariff);
/** The revision of a charge's ChargeRequested event: a deposit forgets old charges, so an id may be used again. */
const Charge = RevisionText;
const charge = { userId: Id, chargeId: Id, charge: Charge, amount: Amount };
/** The points that a report earns, 0 for none; reports of event version 1 do not have it, and all earned points. */
const earned = Type.Optional(PointsPerReport);
const TariffSetting = Strict({ base: Money, perMinute: Money, dailyMax: Type.Optional(DailyMax) });
const PointsSetting = Strict({ perReport: PointsPerReport });
const report = { bikeId: Id, reportId: Id, managerId: Id, batteryLevel: BatteryLevel, usable: Usable };
/** A deposit that comes from converted points. */
const credit = { userId: Id, managerId: Id, conversionId: Id, amount: Points };
/** The state of a deposit after an event. */
const standing = { balance: Sum, outstanding: Sum };

export const events = {
  BikeRegistered: event('A bike was registered at a location', Strict({ bikeId: Id, location: Location })),
  BikeRented: event(
    'A user rented the bike at the tariff of the moment',
    Strict({ ...rental, location: Location, rentedAt: Time, tariff: agreedTariff }),
    2,
  ),
  BikeReturned: event(
    'The bike was returned to a location',
    Strict({ ...rental, location: Location, rentedAt: Time, returnedAt: Time, tariff: agreedTariff }),
    2,
  ),
  ConditionReported: event(
    'A manager reported the condition of the bike',
    Strict({ ...report, reportedAt: Time, points: earned }),
    2,
  ),
  BikeMoved: event(
    'The bike was brought to another location',
    Strict({ bikeId: Id, from: Location, location: Location }),
  ),
  BikeRetired: event('The bike was taken out for good', Strict({ bikeId: Id, location: Location })),
  LocationAdded: event(
    'Staff brought a bike to a new location, to which users may return bikes from now on',
    Strict({ location: Location }),
  ),
  BillOpened: event(
    'The bill of a rental was opened with its tariff',
    Strict({ ...rental, tariff: Tariff, rentedAt: Time, bikeRevision }),
    3,
  ),
  BillClosed: event(
    'The bill of a rental was closed with its fee',
    Strict({ ...rental, tariff: Tariff, rentedAt: Time, returnedAt: Time, minutes: Minutes, fee: Money, bikeRevision }),
    3,
  ),
  ChargeRequested: event(
    'The payment provider is called next',
    Strict({ ...charge, method: Method, requestedAt: Time, ...standing }),
  ),
  DepositCharged: event(
    'A user added money; an outstanding amount is settled first',
    Strict({
      userId: Id,
      chargeId: Id,
      amount: Amount,
      settled: Sum,
      chargedAt: Time,
      ...standing,
      method: Type.Optional(Method),
      charge: Type.Optional(Charge),
    }),
    2,
  ),
  ChargeDeclined: event(
    'The payment of a charge failed',
    Strict({ ...charge, reason: PaymentFailure, declinedAt: Time, ...standing }),
  ),
  ChargeRefunded: event('The payment of a failed charge was refunded', Strict(charge)),
  ChargeVoided: event('The provider never took the money and refuses a later charge', Strict(charge)),
  FeeDeducted: event(
    'The fee was deducted; the part above the balance is outstanding',
    Strict({ ...rental, fee: Money, paid: Sum, closedAt: Time, ...standing, bikeRevision }),
    2,
  ),
  DepositCredited: event(
    'Points were converted into deposit; an outstanding amount is settled first',
    Strict({ ...credit, settled: Sum, convertedAt: Time, ...standing, managerRevision }),
    2,
  ),
  BillPaid: event(
    'Money settled an outstanding bill, or a part of it',
    Strict({ ...rental, amount: Amount, paid: Sum, closedAt: Time, bikeRevision }),
  ),
  PointsAwarded: event(
    'The manager earned points with a report',
    Strict({ managerId: Id, bikeId: Id, reportId: Id, points: Points, reportedAt: Time, total: Sum, bikeRevision }),
    2,
  ),
  PointsConverted: event(
    "The manager converted points into a user's deposit",
    Strict({ managerId: Id, conversionId: Id, userId: Id, points: Points, convertedAt: Time, total: Sum }),
  ),
  TariffChanged: event('The tariff of rentals that begin from now on was set', TariffSetting),
  PointsChanged: event('The points that a condition report earns from now on were set', PointsSetting),
};

const RentalStatus = Status('in-use', 'returned');
const BikeStatus = Status('available', 'in-use', 'out-of-service', 'retired');

const commands = {
  RegisterBike: command(
    'Put a bike at a place',
    Strict({ bikeId: Id, location: Location }),
    {
      route: 'POST /bike-rental/bikes',
      id: 'bikeId',
      answer: Strict({ bikeId: Id, location: Location, status: BikeStatus }),
    },
    ['bike-already-registered', 'bike-retired'],
  ),
  MoveBike: command(
    'Bring a bike that is not in use to another place',
    Strict({ bikeId: Id, to: Location }),
    { route: 'PATCH /bike-rental/bikes/{bikeId}', answer: Strict({ bikeId: Id, location: Location }) },
    ['bike-not-found', 'bike-not-available', 'bike-retired'],
  ),
  RetireBike: command(
    'Take a bike that is not in use out for good',
    Strict({ bikeId: Id }),
    { route: 'DELETE /bike-rental/bikes/{bikeId}', answer: Strict({ bikeId: Id, status: BikeStatus }) },
    ['bike-not-found', 'bike-not-available', 'bike-retired'],
  ),
  RentBike: command(
    'Rent a bike',
    Strict(rental),
    {
      route: 'POST /bike-rental/bikes/{bikeId}/rentals',
      id: 'rentalId',
      answer: Strict({ ...rental, status: RentalStatus, rentedAt: Time, tariff: agreedTariff }),
    },
    [
      'bike-not-found',
      'bike-not-available',
      'bike-retired',
      'rental-already-exists',
      'already-returned',
      'outstanding',
    ],
  ),
  ReturnBike: command(
    'Return a bike: users to a place where staff have brought bikes, staff to any place',
    Strict({ bikeId: Id, rentalId: Id, location: Location }),
    {
      route: 'POST /bike-rental/bikes/{bikeId}/rentals/{rentalId}/return',
      answer: Strict({ ...rental, location: Location, status: RentalStatus, rentedAt: Time, returnedAt: Time }),
    },
    ['bike-not-found', 'rental-not-found', 'already-returned', 'station-not-found'],
  ),
  ReportCondition: command(
    'Report how a bike is: one that is not usable goes out of service, after any running rental',
    Strict(report),
    {
      route: 'POST /bike-rental/bikes/{bikeId}/condition-reports',
      id: 'reportId',
      location: '/bike-rental/bikes/{bikeId}',
      answer: Strict({ ...report, points: earned }),
    },
    ['bike-not-found', 'bike-retired', 'report-already-exists'],
  ),
  AddLocation: command('Let users return bikes to a location', Strict({ location: Location })),
  CheckLocation: command('Refuse a location to which staff have brought no bike', Strict({ location: Location })),
  CheckRentalId: command('Refuse the id of an existing rental', Strict({ bikeId: Id, rentalId: Id })),
  CheckDebts: command('Refuse a user with an outstanding amount', Strict({ userId: Id })),
  OpenBill: command(
    'Open the bill of a rental',
    Strict({ ...rental, rentedAt: Time, tariff: agreedTariff, bikeRevision: RevisionText }),
  ),
  CloseBill: command(
    'Close the bill of a rental',
    Strict({ ...rental, rentedAt: Time, returnedAt: Time, tariff: agreedTariff, bikeRevision: RevisionText }),
  ),
  ChargeDeposit: command(
    'Add money to a deposit: with `payment` through the payment provider, without it in cash at the desk',
    Strict({
      userId: Id,
      chargeId: Id,
      amount: Amount,
      payment: Type.Optional(Payment),
    }),
    {
      route: 'POST /bike-rental/users/{userId}/deposits',
      id: 'chargeId',
      mayTakeLonger: true,
      answer: Strict({ userId: Id, chargeId: Id, amount: Amount, ...standing, status: Status('charged', 'pending') }),
    },
    ['charge-already-exists', 'deposit-full', 'payment-declined', 'payment-unavailable', 'too-many-payments'],
  ),
  CheckChargeId: command('Refuse the id of an existing charge', Strict({ userId: Id, chargeId: Id })),
  CheckCharge: command('Refuse unless the payment of the charge is open', Strict(charge)),
  ApproveCharge: command('Record that the provider took the money', Strict(charge)),
  DeclineCharge: command('Record that the payment failed', Strict({ ...charge, reason: PaymentFailure })),
  RecordChargeUndone: command(
    'Record that the payment was refunded or never taken',
    Strict({ ...charge, charged: Type.Boolean() }),
  ),
  DeductFee: command(
    "Deduct a bill's fee from the deposit",
    Strict({ ...rental, fee: Money, closedAt: Time, bikeRevision }),
  ),
  CreditDeposit: command(
    'Add converted points to the deposit',
    Strict({ ...credit, convertedAt: Time, managerRevision: RevisionText }),
  ),
  AwardPoints: command(
    'Award a manager points for a report',
    Strict({ managerId: Id, bikeId: Id, reportId: Id, reportedAt: Time, points: earned, bikeRevision: RevisionText }),
  ),
  ConvertPoints: command(
    "Convert points into a user's deposit, one for one",
    Strict({ managerId: Id, conversionId: Id, points: Points, userId: Id }),
    {
      route: 'POST /bike-rental/managers/{managerId}/conversions',
      id: 'conversionId',
      location: '/bike-rental/managers/{managerId}',
      answer: Strict({ managerId: Id, conversionId: Id, userId: Id, converted: Points, points: Sum }),
    },
    ['not-enough-points', 'conversion-already-exists'],
  ),
  ChangeTariff: command('Set the tariff of rentals that begin from now on', TariffSetting, {
    route: 'PUT /bike-rental/tariff',
    answer: TariffSetting,
  }),
  ChangePoints: command('Set the points that a condition report earns from now on', PointsSetting, {
    route: 'PUT /bike-rental/points',
    answer: PointsSetting,
  }),
  ReadSettings: command('Read the tariff and the points per report', Strict({})),
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
    Type.Integer({ minimum: 0, description: 'The part that is paid; the rest of the fee is outstanding.' }),
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
  ...Type.Partial(Type.Object(rentalFields)).properties,
  managerId: Type.Optional(Id),
  conversionId: Type.Optional(Id),
  amount: Type.Optional(Points),
});

/** A change of a deposit, or a charge whose payment is pending or failed, with the balance after it. */
const movement = {
  userId: Id,
  kind: Status('charge', 'fee', 'conversion'),
  status: Status('pending', 'charged', 'declined', 'refunded', 'voided', 'deducted', 'credited'),
  at: Time,
  amount: Sum,
  ...standing,
};
const chargeFields = {
  chargeId: Id,
  method: Type.Optional(Method),
  reason: Type.Optional(PaymentFailure),
};
const ChargeOfDeposit = Strict({ ...movement, ...chargeFields });
const Movement = Strict({
  ...movement,
  ...chargeFields,
  chargeId: Type.Optional(Id),
  bikeId: Type.Optional(Id),
  rentalId: Type.Optional(Id),
  managerId: Type.Optional(Id),
  conversionId: Type.Optional(Id),
});

const Report = events.ConditionReported.data;

const Deposit = Strict({ userId: Id, ...standing });
const Manager = Strict({ managerId: Id, points: Sum });

const { baseFee, ...rates } = defaults.tariff;
/** The settings as the queries show them. */
const initial = { base: baseFee, ...rates, perReport: defaults.perReport };

export const queries = {
  ...inView('bike-rental.bikes', {
    bikes: list('The bikes', '/bike-rental/bikes', Bike, {
      closed: ['retired'],
      filters: { status: BikeStatus, location: Location },
      sorts: ['location'],
      prefix: 'location',
    }),
    bike: one('One bike', '/bike-rental/bikes/{bikeId}', Bike, { search: { location: 'name', bikeId: 'id' } }),
  }),
  ...inView('bike-rental.rentals', {
    rental: one('One rental with its bill', '/bike-rental/bikes/{bikeId}/rentals/{rentalId}', Rental, {
      search: { rentalId: 'id' },
    }),
    userRentals: list(
      "A user's rental and billing history: rentals with their bills, and points that became deposit",
      '/bike-rental/users/{userId}/rentals',
      HistoryItem,
      {
        filters: { kind: HistoryItem.properties.kind, status: HistoryItem.properties.status },
        range: 'at',
      },
    ),
  }),
  ...inView('bike-rental.deposits', {
    deposits: list('The deposits', '/bike-rental/deposits', Deposit, { sorts: ['outstanding', 'balance'] }),
    deposit: one("A user's deposit, empty before the first charge", '/bike-rental/users/{userId}/deposit', Deposit, {
      otherwise: { balance: 0, outstanding: 0 },
      search: { userId: 'id' },
    }),
  }),
  ...inView('bike-rental.movements', {
    charge: one('One charge of a deposit', '/bike-rental/users/{userId}/deposits/{chargeId}', ChargeOfDeposit),
    movements: list(
      "A user's charges, fees and credits, each with the balance after it",
      '/bike-rental/users/{userId}/movements',
      Movement,
      { filters: { kind: movement.kind, status: movement.status }, range: 'at' },
    ),
  }),
  ...inView('bike-rental.managers', {
    managers: list('The managers', '/bike-rental/managers', Manager, { sorts: ['points'] }),
    manager: one("A manager's points", '/bike-rental/managers/{managerId}', Manager),
  }),
  ...inView('bike-rental.bills', {
    bills: list('The bills', '/bike-rental/bills', Bill, {
      filters: { status: Bill.properties.status },
      range: 'openedAt',
    }),
  }),
  ...inView('bike-rental.reports', {
    reports: list('The condition reports', '/bike-rental/condition-reports', Report, {
      filters: { bikeId: Id, managerId: Id, usable: Usable },
      range: 'reportedAt',
    }),
  }),
  ...inView('bike-rental.settings', {
    tariff: one('The tariff of rentals that begin now', '/bike-rental/tariff', TariffSetting, { otherwise: initial }),
    points: one('The points that a condition report earns', '/bike-rental/points', PointsSetting, {
      otherwise: initial,
    }),
  }),
};

const overview = Strict({
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
    MoveBike: staff,
    RetireBike: staff,
    RentBike: customer('userId'),
    ReturnBike: customer('userId'),
    ReportCondition: ofManager,
    ChargeDeposit: { customer: own('userId', 'payment'), ...staff },
    ConvertPoints: ofManager,
    bikes: anyone,
    bike: anyone,
    rental: customer('userId'),
    userRentals: customer('userId'),
    deposit: customer('userId'),
    charge: customer('userId'),
    movements: customer('userId'),
    deposits: staff,
    managers: staff,
    manager: ofManager,
    reports: ofManager,
    bills: staff,
    ChangeTariff: admin,
    ChangePoints: admin,
    tariff: anyone,
    points: anyone,
  },
  problems: {
    'bike-not-found': { status: 404, title: 'There is no such bike' },
    'bike-already-registered': { status: 409, title: 'A bike with this id exists already' },
    'bike-retired': { status: 409, title: 'The bike was taken out for good' },
    'bike-not-available': { status: 409, title: 'The bike is in use or out of service' },
    outstanding: { status: 409, title: 'The user must pay an outstanding amount first' },
    'rental-already-exists': { status: 409, title: 'A rental with this id exists already' },
    'rental-not-found': { status: 404, title: 'There is no such rental' },
    'already-returned': { status: 409, title: 'The bike was returned already' },
    'station-not-found': {
      status: 404,
      title: 'Users return bikes to the stations only, where staff have brought bikes',
    },
    'report-already-exists': { status: 409, title: 'A report with this id exists already' },
    'charge-already-exists': { status: 409, title: 'A charge with this id exists already' },
    'deposit-full': { status: 409, title: 'The deposit would be over 1,000,000,000,000' },
    'payment-declined': { status: 402, title: 'The payment was declined' },
    'payment-unavailable': { status: 503, title: 'The payment provider does not answer', retryAfter: 5 },
    'too-many-payments': { status: 503, title: 'Too many payments are being taken', retryAfter: 2 },
    'not-enough-points': { status: 409, title: 'The manager has fewer points' },
    'conversion-already-exists': { status: 409, title: 'A conversion with this id exists already' },
  },
  overview,
  report: { occupancy: 'bikes in use of all bikes, on average over time.' },
} as const satisfies ContextSchema;

export type BikeRentalEvent = EventOf<typeof events>;
export type BikeRentalCommand = CommandOf<typeof commands>;
export type Tariff = Static<typeof Tariff>;
