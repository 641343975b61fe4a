import { expect, it } from 'vitest';
import { writeSidesOf } from '../../programs/contexts.ts';
import { policyWorld } from './testing.ts';

/** More than any stream remembers of ids and handled events. */
const MANY = 2_100;

type Command = { type: string; data: Record<string, unknown> };
type Scenario = {
  begin: Command[];
  round: (n: number) => Command[];
  end: Command[];
  /** Each event of the first type has one of the second type as its effect. */
  effects: [cause: string, effect: string][];
};

const numbered = (count: number, make: (n: number) => Command): Command[] =>
  Array.from({ length: count }, (_, n) => make(n));

const parkingRound = (reservationId: string, carNumber = reservationId): Command[] => [
  { type: 'ReserveParking', data: { lotId: 'lot', reservationId, customerId: 'c', carNumber, amount: 1 } },
  { type: 'CancelReservation', data: { lotId: 'lot', reservationId } },
];
const steps = ['AcceptOrder', 'StartCooking', 'FinishCooking', 'PickUpOrder'];
const orderRound = (orderId: string): Command[] => [
  { type: 'PlaceOrder', data: { shopId: 'shop', orderId, customerId: 'c', lines: [{ menuId: 'm', qty: 1 }] } },
  ...steps.map((type) => ({ type, data: { shopId: 'shop', orderId } })),
];
const ride = (rentalId: string): Command[] => [
  { type: 'RentBike', data: { bikeId: 'bike', rentalId, userId: 'user' } },
  { type: 'ReturnBike', data: { bikeId: 'bike', rentalId, location: 'x' } },
];

/** A long life of each context: one id after the other, and some things that stay open. */
const scenarios: Record<string, Scenario> = {
  parking: {
    begin: [{ type: 'RegisterLot', data: { lotId: 'lot', name: 'x', spots: 1_000 } }],
    round: (n) => parkingRound(`r${n}`),
    end: [
      ...numbered(700, (n) => parkingRound(`open${n}`)[0]!),
      { type: 'RedeemCoupon', data: { couponId: 'lot.open1' } },
      { type: 'CloseLot', data: { lotId: 'lot' } },
    ],
    effects: [
      ['ParkingReserved', 'CouponIssued'],
      ['ParkingReserved', 'ReservationCanceled'],
    ],
  },
  screening: {
    begin: [{ type: 'OpenSlot', data: { slotId: 'slot', hospitalName: 'x', date: '2030-01-31', capacity: 700 } }],
    round: (n) => [
      { type: 'BookScreening', data: { slotId: 'slot', bookingId: `b${n}`, customerId: 'c' } },
      { type: 'CancelBooking', data: { slotId: 'slot', bookingId: `b${n}` } },
    ],
    end: [
      ...numbered(650, (n) => ({
        type: 'BookScreening',
        data: { slotId: 'slot', bookingId: `o${n}`, customerId: `c${n}` },
      })),
      { type: 'DeleteSlot', data: { slotId: 'slot' } },
    ],
    effects: [],
  },
  'food-court': {
    begin: [
      { type: 'RegisterShop', data: { shopId: 'shop', name: 'x' } },
      { type: 'RegisterShop', data: { shopId: 'large', name: 'x', maxOpenOrders: 700 } },
      ...['shop', 'large'].map((shopId) => ({
        type: 'PutMenuItem',
        data: { shopId, menuId: 'm', name: 'x', price: 1, available: true },
      })),
    ],
    round: (n) => orderRound(`o${n}`),
    end: [
      ...orderRound('waiting').slice(0, -1),
      ...numbered(700, (n) => ({
        type: 'PlaceOrder',
        data: { shopId: 'large', orderId: `o${n}`, customerId: 'c', lines: [{ menuId: 'm', qty: 1 }] },
      })),
      { type: 'CloseShop', data: { shopId: 'large' } },
    ],
    effects: [
      ['OrderCooked', 'AlarmRaised'],
      ['OrderPickedUp', 'AlarmCleared'],
    ],
  },
  'bike-rental': {
    begin: [{ type: 'RegisterBike', data: { bikeId: 'bike', location: 'x' } }],
    round: (n) => [
      ...ride(`r${n}`),
      { type: 'RegisterBike', data: { bikeId: `bike${n}`, location: 'x' } },
      {
        type: 'ReportCondition',
        data: { bikeId: `bike${n}`, reportId: `p${n}`, managerId: 'm', batteryLevel: 1, usable: true },
      },
      { type: 'ConvertPoints', data: { managerId: 'm', conversionId: `v${n}`, points: 1_000, userId: 'user' } },
    ],
    end: [{ type: 'RentBike', data: { bikeId: 'bike', rentalId: 'open', userId: 'user' } }],
    effects: [
      ['BikeRented', 'BillOpened'],
      ['BikeReturned', 'BillClosed'],
      ['BikeReturned', 'FeeDeducted'],
      ['ConditionReported', 'PointsAwarded'],
      ['PointsConverted', 'DepositCredited'],
    ],
  },
};

it.each(Object.keys(scenarios))(
  '%s: policies and timers that begin again at the start of the log change nothing',
  async (name) => {
    const { begin, round, end, effects } = scenarios[name]!;
    const contexts = await writeSidesOf([name]);
    const policies = contexts.flatMap((context) => context.policies);
    const world = policyWorld(
      contexts,
      policies,
      contexts.flatMap(({ timers = [] }) => timers),
    );
    const play = (commands: readonly Command[]) => {
      for (const command of commands) {
        expect([command, world.give(command), ...world.settle()]).toEqual([command, undefined]);
      }
    };
    play(begin);
    for (let n = 0; n < MANY; n++) {
      world.pass(1_000);
      play(round(n));
    }
    // The first ids once more: whether they are accepted is for the stream of the id to say.
    for (const command of round(0)) {
      world.give(command);
      expect(world.settle()).toEqual([]);
    }
    play(end);
    const count = (type: string) => world.log.filter((event) => event.type === type).length;
    for (const [cause, effect] of effects) expect([effect, count(effect)]).toEqual([effect, count(cause)]);

    const before = world.log.length;
    expect(new Set(world.log.map(({ type }) => type)).size).toBeGreaterThan(3);
    for (const consumer of world.consumers) {
      world.rewind(consumer);
      expect(world.settle()).toEqual([]);
      expect(world.log.slice(before)).toEqual([]);
    }
    for (const consumer of world.consumers) world.rewind(consumer);
    expect(world.settle()).toEqual([]);
    expect(world.log.slice(before)).toEqual([]);
  },
);
