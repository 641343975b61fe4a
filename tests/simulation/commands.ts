import type { SentRequest } from './http.ts';
import { DECLINED } from './payments.ts';
import type { Random } from './random.ts';
import { EPOCH } from './world.ts';

/** What clients know: the ids of what they made, by kind. Ids are chosen from a few, so that requests meet. */
export type Known = {
  /** Returns an id of a kind that was probably made, or any other one. */
  some(kind: string): string;
  /** Returns an id that is mostly new. */
  fresh(kind: string): string;
};

export type Made = { request: SentRequest; makes?: { kind: string; id: string } };
type Maker = (known: Known, random: Random, time: number) => Made;

const AMOUNT = 5_000;
/** How many of each kind of resource clients share. */
const RESOURCES = 6;

export const createKnown = (random: Random) => {
  const made = new Map<string, string[]>();
  let count = 0;
  return {
    some(kind: string): string {
      const ids = made.get(kind) ?? [];
      if (ids.length === 0 || random.chance(0.03)) return `none`;
      return random.chance(0.7) ? ids[Math.max(0, ids.length - 1 - random.below(20))]! : random.pick(ids);
    },
    fresh: (kind: string): string => (random.chance(0.02) ? `${kind}0` : `${kind}${count++}`),
    add(kind: string, id: string): void {
      made.set(kind, [...(made.get(kind) ?? []), id].slice(-200));
    },
  };
};

const resource = (kind: string, random: Random) => `${kind}${random.below(RESOURCES)}`;
const customer = (random: Random) => `c${random.below(9)}`;
const places = (random: Random) => (random.chance(0.8) ? 1 : 2);
const utc = (milliseconds: number) => new Date(EPOCH + Math.round(milliseconds)).toISOString();
const payment = (random: Random) => ({ method: 'card', token: random.chance(0.85) ? 'approve' : DECLINED });
const keptOf = (kind: string, known: Known, random: Random, scope: string): object => {
  const way = random.next();
  if (way < 0.2) return { holdId: known.some(`${kind}-hold@${scope}`) };
  return way < 0.4 ? { entryId: known.some(`${kind}-entry@${scope}`) } : {};
};

/** The commands on holds and waiting lists below a path. */
const limitedPlaces = (kind: string, path: string): [number, Maker][] => {
  const at = (random: Random) => {
    const scope = resource(kind, random);
    return { scope, base: `${path}/${scope}` };
  };
  return [
    [
      3,
      (known, random) => {
        const { scope, base } = at(random);
        const id = known.fresh('h');
        const body = { holdId: id, customerId: customer(random), places: places(random) };
        return {
          request: { method: 'POST', path: `${base}/holds`, body },
          makes: { kind: `${kind}-hold@${scope}`, id },
        };
      },
    ],
    [
      1,
      (known, random) => {
        const { scope, base } = at(random);
        return { request: { method: 'DELETE', path: `${base}/holds/${known.some(`${kind}-hold@${scope}`)}` } };
      },
    ],
    [
      3,
      (known, random) => {
        const { scope, base } = at(random);
        const id = known.fresh('e');
        const body = { entryId: id, customerId: customer(random), places: places(random) };
        const request = { method: 'POST', path: `${base}/waiting-list`, body };
        return { request, makes: { kind: `${kind}-entry@${scope}`, id } };
      },
    ],
    [
      1,
      (known, random) => {
        const { scope, base } = at(random);
        return { request: { method: 'DELETE', path: `${base}/waiting-list/${known.some(`${kind}-entry@${scope}`)}` } };
      },
    ],
  ];
};

const post = (path: string, body?: object): SentRequest => ({ method: 'POST', path, ...(body && { body }) });

const parking: [number, Maker][] = [
  ...limitedPlaces('lot', '/parking/lots'),
  [
    2,
    (_known, random) => {
      const lotId = resource('lot', random);
      const price = random.chance(0.5) ? { price: AMOUNT, couponValue: 1_000, couponDays: 2 } : {};
      const body = { lotId, name: lotId, spots: random.below(5), holdFor: 10, arriveWithin: 15, ...price };
      return { request: post('/parking/lots', body) };
    },
  ],
  [
    2,
    (_known, random) => ({
      request: {
        method: 'PATCH',
        path: `/parking/lots/${resource('lot', random)}`,
        body: { spots: random.below(7) },
      },
    }),
  ],
  [0.1, (_known, random) => ({ request: { method: 'DELETE', path: `/parking/lots/${resource('lot', random)}` } })],
  [
    10,
    (known, random) => {
      const lotId = resource('lot', random);
      const id = known.fresh('r');
      const body = {
        reservationId: id,
        customerId: customer(random),
        carNumber: `car${random.below(60)}`,
        amount: AMOUNT,
        ...keptOf('lot', known, random, lotId),
      };
      return { request: post(`/parking/lots/${lotId}/reservations`, body), makes: { kind: `parked@${lotId}`, id } };
    },
  ],
  [
    6,
    (known, random) => {
      const lotId = resource('lot', random);
      const id = known.some(`parked@${lotId}`);
      return { request: { method: 'DELETE', path: `/parking/lots/${lotId}/reservations/${id}` } };
    },
  ],
  [
    3,
    (known, random) => {
      const lotId = resource('lot', random);
      const what = random.pick(['arrival', 'departure']);
      return { request: post(`/parking/lots/${lotId}/reservations/${known.some(`parked@${lotId}`)}/${what}`) };
    },
  ],
  [
    2,
    (known, random) => {
      const lotId = resource('lot', random);
      return { request: post(`/parking/coupons/${lotId}.${known.some(`parked@${lotId}`)}/redemption`) };
    },
  ],
  [
    2,
    (known, random) => {
      const lotId = resource('lot', random);
      const other = resource('lot', random);
      const couponId = `${other}.${known.some(`parked@${other}`)}`;
      const path = `/parking/lots/${lotId}/reservations/${known.some(`parked@${lotId}`)}/coupon`;
      return { request: post(path, { couponId }) };
    },
  ],
];

const screening: [number, Maker][] = [
  ...limitedPlaces('slot', '/screening/slots'),
  [
    2,
    (_known, random) => {
      const slotId = resource('slot', random);
      const body = { slotId, hospitalName: slotId, date: '2031-01-20', capacity: random.below(4), holdFor: 10 };
      return { request: post('/screening/slots', body) };
    },
  ],
  [
    1,
    (_known, random) => ({
      request: {
        method: 'PATCH',
        path: `/screening/slots/${resource('slot', random)}`,
        body: { capacity: random.below(6) },
      },
    }),
  ],
  [0.1, (_known, random) => ({ request: { method: 'DELETE', path: `/screening/slots/${resource('slot', random)}` } })],
  [
    5,
    (known, random) => {
      const slotId = resource('slot', random);
      const id = known.fresh('b');
      const body = { bookingId: id, customerId: customer(random), ...keptOf('slot', known, random, slotId) };
      return { request: post(`/screening/slots/${slotId}/bookings`, body), makes: { kind: `booking@${slotId}`, id } };
    },
  ],
  [
    3,
    (known, random) => {
      const slotId = resource('slot', random);
      const path = `/screening/slots/${slotId}/bookings/${known.some(`booking@${slotId}`)}`;
      return random.chance(0.6)
        ? { request: { method: 'DELETE', path } }
        : { request: post(`${path}/reschedule`, { slotId: resource('slot', random) }) };
    },
  ],
];

const cinema: [number, Maker][] = [
  ...limitedPlaces('showing', '/cinema/showings'),
  [
    1,
    (_known, random) => {
      const movieId = resource('movie', random);
      const body = { movieId, title: movieId, description: 'a film', runningTime: 90 };
      return { request: post('/cinema/movies', body) };
    },
  ],
  [0.1, (_known, random) => ({ request: { method: 'DELETE', path: `/cinema/movies/${resource('movie', random)}` } })],
  [
    3,
    (_known, random, time) => {
      const showingId = resource('showing', random);
      const body = {
        showingId,
        startsAt: utc(time + (random.chance(0.3) ? 20_000 + random.below(20_000) : 86_400_000)),
        seats: 1 + random.below(4),
        price: AMOUNT,
        holdFor: 10,
      };
      return { request: post(`/cinema/movies/${resource('movie', random)}/showings`, body) };
    },
  ],
  [
    0.2,
    (_known, random) => ({ request: { method: 'DELETE', path: `/cinema/showings/${resource('showing', random)}` } }),
  ],
  [
    9,
    (known, random) => {
      const showingId = resource('showing', random);
      const id = known.fresh('t');
      const body = {
        reservationId: id,
        customerId: customer(random),
        ...(random.chance(0.3) ? { places: 2 } : {}),
        ...keptOf('showing', known, random, showingId),
        payment: payment(random),
      };
      const request = post(`/cinema/showings/${showingId}/reservations`, body);
      return { request, makes: { kind: `seat@${showingId}`, id } };
    },
  ],
  [
    4,
    (known, random) => {
      const showingId = resource('showing', random);
      const id = known.some(`seat@${showingId}`);
      return { request: { method: 'DELETE', path: `/cinema/showings/${showingId}/reservations/${id}` } };
    },
  ],
  [
    1,
    (known, random) => {
      const showingId = resource('showing', random);
      const reservationId = known.some(`seat@${showingId}`);
      const body = {
        customerId: customer(random),
        showingId,
        reservationId,
        rating: 1 + random.below(5),
        text: 'seen',
      };
      return { request: post(`/cinema/movies/${resource('movie', random)}/reviews`, body) };
    },
  ],
];

const foodCourt: [number, Maker][] = [
  [
    1,
    (_known, random) => {
      const shopId = resource('shop', random);
      const body = { shopId, name: shopId, maxOpenOrders: 3, acceptWithin: 60, collectWithin: 60 };
      return { request: post('/food-court/shops', body) };
    },
  ],
  [
    2,
    (_known, random) => ({
      request: {
        method: 'PUT',
        path: `/food-court/shops/${resource('shop', random)}/menu/m${random.below(2)}`,
        body: { name: 'soup', price: 100, available: random.chance(0.9) },
      },
    }),
  ],
  [
    5,
    (known, random) => {
      const shopId = resource('shop', random);
      const id = known.fresh('o');
      const lines = [{ menuId: `m${random.below(2)}`, qty: 1 + random.below(3) }];
      const body = { orderId: id, customerId: customer(random), lines };
      return { request: post(`/food-court/shops/${shopId}/orders`, body), makes: { kind: `order@${shopId}`, id } };
    },
  ],
  [
    8,
    (known, random) => {
      const shopId = resource('shop', random);
      const path = `/food-court/shops/${shopId}/orders/${known.some(`order@${shopId}`)}`;
      const step = random.pick(['acceptance', 'cooking', 'completion', 'pickup', '']);
      return { request: step === '' ? { method: 'DELETE', path } : post(`${path}/${step}`) };
    },
  ],
];

const bikeRental: [number, Maker][] = [
  [
    1,
    (_known, random) => ({
      request: post('/bike-rental/bikes', { bikeId: resource('bike', random), location: 'gate' }),
    }),
  ],
  [
    4,
    (known, random) => {
      const bikeId = resource('bike', random);
      const id = known.fresh('k');
      const request = post(`/bike-rental/bikes/${bikeId}/rentals`, { rentalId: id, userId: customer(random) });
      return { request, makes: { kind: `rental@${bikeId}`, id } };
    },
  ],
  [
    4,
    (known, random) => {
      const bikeId = resource('bike', random);
      const path = `/bike-rental/bikes/${bikeId}/rentals/${known.some(`rental@${bikeId}`)}/return`;
      return { request: post(path, { location: 'river' }) };
    },
  ],
  [
    1,
    (known, random) => ({
      request: post(`/bike-rental/bikes/${resource('bike', random)}/condition-reports`, {
        reportId: known.fresh('q'),
        managerId: `g${random.below(2)}`,
        batteryLevel: random.below(101),
        usable: random.chance(0.9),
      }),
    }),
  ],
  [
    4,
    (known, random) => ({
      request: post(`/bike-rental/users/${customer(random)}/deposits`, {
        chargeId: known.fresh('d'),
        amount: AMOUNT,
        payment: payment(random),
      }),
    }),
  ],
  [
    1,
    (known, random) => ({
      request: post(`/bike-rental/managers/g${random.below(2)}/conversions`, {
        conversionId: known.fresh('p'),
        points: 1,
        userId: customer(random),
      }),
    }),
  ],
];

const makers = [...parking, ...screening, ...cinema, ...foodCourt, ...bikeRental];
const total = makers.reduce((sum, [weight]) => sum + weight, 0);

/** Makes a command. */
export const makeCommand = (known: Known, random: Random, time: number): Made => {
  let left = random.next() * total;
  const [, make] = makers.find(([weight]) => {
    left -= weight;
    return left < 0;
  })!;
  return make(known, random, time);
};

const QUERIES = [
  '/parking/lots',
  '/parking/reservations?status=reserved',
  '/parking/coupons',
  '/screening/slots',
  '/cinema/movies',
  '/food-court/shops',
  '/food-court/board',
  '/bike-rental/bikes',
];

/** Makes a query. */
export const makeQuery = (random: Random): string =>
  random.chance(0.5) ? `/parking/lots/${resource('lot', random)}` : random.pick(QUERIES);
