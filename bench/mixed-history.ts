import { randomUUID } from 'node:crypto';
import { ExponentialBackoff, handleType, retry } from 'cockatiel';
import type { EventStoreClient } from '../platform/event-store/client.ts';
import { streams } from '../platform/event-store/streams.ts';
import { type NewEvent, type Revision, StoreUnavailableError } from '../platform/event-store/types.ts';
import type { BikeRentalEvent } from '../schemas/bike-rental.ts';
import type { CinemaEvent } from '../schemas/cinema.ts';
import type { CustomersEvent } from '../schemas/customers.ts';
import type { FoodCourtEvent } from '../schemas/food-court.ts';
import type { ParkingEvent } from '../schemas/parking.ts';
import type { ScreeningEvent } from '../schemas/screening.ts';

type AnyEvent = ParkingEvent | ScreeningEvent | FoodCourtEvent | CinemaEvent | BikeRentalEvent | CustomersEvent;

/** Appends that go out together, one for each stream; the next ones when all are stored. */
type Step = Readonly<Record<string, readonly AnyEvent[]>>;

/** The events of a few resources of a context. `n` is the number of their place, `visit` counts the customers there. */
type Visit = (n: number, visit: number) => Step[];

const IN_FLIGHT = 48;
const PLACES = 400;
const AT_ONCE = 8;
/** Events lie this far apart: a million take six days. */
const MILLISECONDS_APART = 500;
const FIRST = Date.parse('2026-01-01T00:00:00.000Z');

const several = <Item>(make: (each: number) => Item): Item[] =>
  Array.from({ length: AT_ONCE }, (_, each) => make(each));
const together = (streamsOf: readonly Step[]): Step => Object.assign({}, ...streamsOf);
const customerOf = (n: number, each: number) => `customer-${(n * 7 + each) % 5000}`;
const timeOf = (n: number, visit: number) => new Date(FIRST + (n + visit * PLACES) * 60_000).toISOString();

const parking: Visit = (n, visit) => {
  const lotId = `lot-${n}`;
  const stream = `parkingLot-${lotId}`;
  const reservations = several((each) => ({
    lotId,
    reservationId: `r-${visit}-${each}`,
    customerId: customerOf(n, each),
  }));
  const canceled = reservations.slice(0, AT_ONCE / 2);
  const coupons = (those: typeof reservations, type: 'CouponIssued' | 'CouponRevoked' | 'CouponRedeemed') =>
    together(
      those.map((data) => {
        const couponId = `${lotId}.${data.reservationId}`;
        return { [`coupon-${couponId}`]: [{ type, data: { couponId, ...data } }] };
      }),
    );
  return [
    ...(visit === 0
      ? [
          {
            [stream]: [{ type: 'LotRegistered', data: { lotId, name: `정자역 주차장 ${n}`, spots: 100_000 } } as const],
          },
        ]
      : []),
    {
      [stream]: reservations.map((data, each) => ({
        type: 'ParkingReserved',
        data: { ...data, carNumber: `10더${8000 + each}`, amount: 5000 },
      })),
    },
    coupons(reservations, 'CouponIssued'),
    { [stream]: canceled.map((data) => ({ type: 'ReservationCanceled', data })) },
    coupons(canceled, 'CouponRevoked'),
    coupons(reservations.slice(-2), 'CouponRedeemed'),
  ];
};

const screening: Visit = (n, visit) => {
  const slotId = `slot-${n}-${visit}`;
  const stream = `screeningSlot-${slotId}`;
  const place = { slotId, hospitalName: `분당서울대학교병원 ${n % 20}`, date: `2026-0${1 + (visit % 9)}-1${n % 10}` };
  const bookings = several((each) => ({ slotId, bookingId: `b-${each}`, customerId: customerOf(n, each) }));
  const step = (type: 'BookingCanceled' | 'BookingForceCanceled', those: typeof bookings): Step => ({
    [stream]: those.map((data) => ({ type, data })),
  });
  return [
    { [stream]: [{ type: 'SlotOpened', data: { ...place, capacity: 100 } }] },
    { [stream]: bookings.map((data) => ({ type: 'ScreeningBooked', data: { ...place, ...data } })) },
    step('BookingCanceled', bookings.slice(0, 2)),
    ...(n % 20 === 0
      ? [
          { [stream]: [{ type: 'SlotDeleted', data: { slotId, openBookings: AT_ONCE - 2 } } as const] },
          step('BookingForceCanceled', bookings.slice(2)),
        ]
      : []),
  ];
};

const foodCourt: Visit = (n, visit) => {
  const shopId = `shop-${n}`;
  const dish = { menuId: 'm-1', name: '김밥', price: 4000 };
  const orders = several((each) => ({
    shopId,
    orderId: `o-${visit}-${each}`,
    customerId: customerOf(n, each),
    callNumber: `${each + 1}`,
  }));
  const cooked = orders.slice(1);
  const each = (kind: string, those: typeof orders, ...types: FoodCourtEvent['type'][]): Step =>
    together(
      those.map((data) => ({
        [`${kind}-${shopId}.${data.orderId}`]: types.map((type) => ({ type, data }) as FoodCourtEvent),
      })),
    );
  return [
    ...(visit === 0
      ? [
          {
            [`shop-${shopId}`]: [
              { type: 'ShopRegistered', data: { shopId, name: `김밥나라 ${n}`, maxOpenOrders: 200 } },
              { type: 'MenuItemPut', data: { shopId, ...dish, available: true } },
            ] as const,
          },
        ]
      : []),
    {
      [`shop-${shopId}`]: orders.map((data) => ({
        type: 'OrderPlaced',
        data: { ...data, lines: [{ ...dish, qty: 2 }], total: 8000 },
      })),
    },
    each('order', orders.slice(0, 1), 'OrderCanceled'),
    each('order', cooked, 'OrderAccepted'),
    each('order', cooked, 'CookingStarted', 'OrderCooked'),
    each('alarm', cooked, 'AlarmRaised'),
    each('order', cooked, 'OrderPickedUp'),
    each('alarm', cooked, 'AlarmCleared'),
  ];
};

const cinema: Visit = (n, visit) => {
  const [movieId, showingId, title] = [`movie-${n}`, `showing-${n}-${visit >> 3}`, `살인의 추억 ${n}`];
  const seats = several((each) => ({
    showingId,
    movieId,
    reservationId: `r-${visit}-${each}`,
    customerId: customerOf(n, each),
    title,
    price: 12_000,
  }));
  const paid = seats.slice(1);
  const canceled = seats.slice(-1);
  const at = (type: 'ReservationConfirmed' | 'SeatReservationCanceled', those: typeof seats): Step => ({
    [`showing-${showingId}`]: those.map((data) => ({ type, data })),
  });
  const payments = (those: typeof seats, ...types: CinemaEvent['type'][]): Step =>
    together(
      those.map(({ showingId, reservationId, customerId, title, price }) => ({
        [`payment-${showingId}.${reservationId}`]: types.map((type) => {
          const data = { showingId, reservationId, customerId, title, amount: price };
          const more = type === 'PaymentRequested' ? { method: 'card' } : type === 'PaymentDeclined' ? declined : {};
          return { type, data: { ...data, ...more } } as CinemaEvent;
        }),
      })),
    );
  const messages = (those: typeof seats, kind: 'confirmed' | 'refunded'): Step =>
    together(
      those.map(({ showingId, reservationId, customerId }) => {
        const messageId = `${kind}.${showingId}.${reservationId}`;
        const message = { messageId, thread: messageId, customerId, context: 'cinema', kind };
        const sent = { ...message, channel: 'email', language: 'en' } as const;
        return { [`message-${messageId}`]: [{ type: 'MessageSent', data: sent }] };
      }),
    );
  const showing = { showingId, movieId, title, startsAt: timeOf(n, visit), seats: 500, price: 12_000 };
  const reviewer = { movieId, customerId: `customer-${n}-${visit}` };
  return [
    ...(visit === 0
      ? [
          {
            [`movie-${movieId}`]: [
              {
                type: 'MovieRegistered',
                data: { movieId, title, description: '두 형사가 쫓는다.', runningTime: 132 },
              } as const,
            ],
          },
        ]
      : []),
    ...(visit % 8 === 0
      ? [
          { [`movie-${movieId}`]: [{ type: 'ShowingScheduled', data: showing } as const] },
          { [`showing-${showingId}`]: [{ type: 'ShowingOpened', data: showing } as const] },
        ]
      : []),
    {
      [`showing-${showingId}`]: seats.map((data) => ({
        type: 'SeatHeld',
        data: { ...data, heldAt: timeOf(n, visit) },
      })),
    },
    payments(seats, 'PaymentRequested'),
    { ...payments(paid, 'PaymentApproved'), ...payments(seats.slice(0, 1), 'PaymentDeclined') },
    { ...at('ReservationConfirmed', paid) },
    {
      [`showing-${showingId}`]: seats
        .slice(0, 1)
        .map((data) => ({ type: 'SeatReleased', data: { ...data, ...declined } })),
    },
    messages(paid, 'confirmed'),
    at('SeatReservationCanceled', canceled),
    payments(canceled, 'PaymentRefunded'),
    {
      [`review-${movieId}.${reviewer.customerId}`]: [
        {
          type: 'ReviewWritten',
          data: {
            ...reviewer,
            showingId,
            reservationId: `r-${visit}-1`,
            rating: 1 + (visit % 5),
            text: '다시 보고 싶은 영화',
          },
        },
      ],
    },
  ];
};

const declined = { reason: 'declined' } as const;

const bikeRental: Visit = (n, visit) => {
  const tariff = { baseFee: 1000, perMinute: 100 };
  const [from, to] = [`분당_정자역_${n % 50}구역`, `분당_정자역_${(n + 1) % 50}구역`];
  const [rentedAt, returnedAt] = [timeOf(n, visit), timeOf(n + 20, visit)];
  const rides = several((each) => ({
    bikeId: `bike-${n}-${each}`,
    rentalId: `r-${visit}`,
    userId: customerOf(n, each),
  }));
  const each = (kind: string, make: (ride: (typeof rides)[number]) => BikeRentalEvent): Step =>
    together(
      rides.map((ride) => ({ [`${kind}-${ride.bikeId}${kind === 'bike' ? '' : `.${ride.rentalId}`}`]: [make(ride)] })),
    );
  const [report] = rides;
  const looked = { managerId: `manager-${n}`, bikeId: report!.bikeId, reportId: `p-${visit}`, reportedAt: returnedAt };
  return [
    ...(visit === 0
      ? [each('bike', ({ bikeId }) => ({ type: 'BikeRegistered', data: { bikeId, location: from } }))]
      : []),
    each('bike', (ride) => ({ type: 'BikeRented', data: { ...ride, location: from, rentedAt } })),
    each('bill', (ride) => ({ type: 'BillOpened', data: { ...ride, tariff, rentedAt } })),
    each('bike', (ride) => ({ type: 'BikeReturned', data: { ...ride, location: to, rentedAt, returnedAt } })),
    each('bill', (ride) => ({
      type: 'BillClosed',
      data: { ...ride, tariff, rentedAt, returnedAt, minutes: 20, fee: 3000 },
    })),
    each('fee', (ride) => ({
      type: 'FeeDeducted',
      data: { ...ride, fee: 3000, paid: 3000, closedAt: returnedAt, balance: 7000, outstanding: 0 },
    })),
    {
      [`bike-${looked.bikeId}`]: [
        {
          type: 'ConditionReported',
          data: { ...looked, batteryLevel: 80, usable: true },
        },
      ],
      [`manager-${looked.managerId}`]: [
        { type: 'PointsAwarded', data: { ...looked, points: 100, total: 100 * (visit + 1) } },
      ],
    },
  ];
};

/** Ten visits of a place with all five contexts, in their proportions. */
const VISITS: readonly Visit[] = [
  ...Array<Visit>(3).fill(parking),
  ...Array<Visit>(2).fill(foodCourt),
  ...Array<Visit>(2).fill(cinema),
  ...Array<Visit>(2).fill(bikeRental),
  screening,
];

/**
 * Fills an empty store with a history of all five contexts, mixed as they run side by side: a third of the events are
 * the car park's, a quarter the food court's, a fifth the cinema's, a sixth the bikes', the rest screenings.
 * @returns once `total` events are stored
 */
export const fillWithEverything = async (client: EventStoreClient, total: number): Promise<void> => {
  const { append } = streams(client);
  // With the same ids the store adds the events once.
  const patiently = retry(handleType(StoreUnavailableError), { maxAttempts: 5, backoff: new ExponentialBackoff() });
  const revisions = new Map<string, number>();
  let left = total;
  const write = async ([stream, events]: [string, readonly AnyEvent[]]) => {
    const now = FIRST + (total - left) * MILLISECONDS_APART;
    const some = events.slice(0, left);
    if (some.length === 0) return;
    left -= some.length;
    const revision = revisions.get(stream) ?? -1;
    revisions.set(stream, revision + some.length);
    const made = some.map((event, at) => newEvent(event, now + at * MILLISECONDS_APART));
    const expected = revision < 0 ? 'no-stream' : (BigInt(revision) as Revision);
    const result = await patiently.execute(() => append(stream, made, expected));
    if (!result.ok) throw new Error(`${stream} was not empty`);
  };
  const tours = function* () {
    for (let tour = 0; left > 0; tour++)
      for (let n = 0; n < PLACES; n++)
        for (const [at, visit] of VISITS.entries()) yield visit(n * VISITS.length + at, tour);
  };
  const going = tours();
  const walk = async () => {
    for (const steps of going) for (const step of steps) await Promise.all(Object.entries(step).map(write));
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, walk));
};

/** An event as a command would make it. */
export const newEvent = ({ type, data }: AnyEvent, time = Date.now()): NewEvent => {
  const id = randomUUID();
  return {
    id,
    type,
    data,
    metadata: {
      $correlationId: id,
      $causationId: id,
      commandId: id,
      fingerprint: '0'.repeat(43),
      actor: 'anonymous',
      time: new Date(time).toISOString(),
      schemaVersion: 1,
    },
  };
};
