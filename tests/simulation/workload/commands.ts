import type { SentRequest } from '../http.ts';
import { DECLINED } from '../stores/payments.ts';
import type { Choice } from './choice.ts';

/** A request, and what it makes if it succeeds. */
export type Made = SentRequest & { makes?: { kind: string; id: string } };

type Maker = (choice: Choice) => Made;
/** Requests, and how often each is made. */
type Table = readonly (readonly [number, Maker])[];

const post = (path: string, body?: object): SentRequest => ({ method: 'POST', path, ...(body && { body }) });
const put = (path: string, body: object): SentRequest => ({ method: 'PUT', path, body });
const patch = (path: string, body: object): SentRequest => ({ method: 'PATCH', path, body });
const remove = (path: string): SentRequest => ({ method: 'DELETE', path });

const AMOUNT = 5_000;
const HOLD_FOR = 10;
const customer = ({ random }: Choice) => `c${random.below(9)}`;
const places = ({ random }: Choice) => (random.chance(0.8) ? 1 : 2);
const payment = ({ random }: Choice) => ({ method: 'card', token: random.chance(0.85) ? 'approve' : DECLINED });
const inUtc = (milliseconds: number) => new Date(milliseconds).toISOString();

/** Returns the hold or the waiting-list entry that a reservation uses, if any. */
const kept = (choice: Choice, scope: string): object => {
  const way = choice.random.next();
  const id = way < 0.5 ? choice.some(`${way < 0.25 ? 'hold' : 'entry'}@${scope}`) : 'none';
  return id === 'none' ? {} : { [way < 0.25 ? 'holdId' : 'entryId']: id };
};

/** The commands on holds and waiting lists below a path. */
const limitedPlaces = (kind: string, path: string): Table => [
  [
    2,
    (choice) => {
      const [scope, holdId] = [choice.shared(kind), choice.fresh('h')];
      const body = { holdId, customerId: customer(choice), places: places(choice) };
      return { ...post(`${path}/${scope}/holds`, body), makes: { kind: `hold@${scope}`, id: holdId } };
    },
  ],
  [
    1,
    (choice) => {
      const scope = choice.shared(kind);
      return remove(`${path}/${scope}/holds/${choice.some(`hold@${scope}`)}`);
    },
  ],
  [
    3,
    (choice) => {
      const [scope, entryId] = [choice.shared(kind), choice.fresh('e')];
      const body = { entryId, customerId: customer(choice), places: places(choice) };
      return { ...post(`${path}/${scope}/waiting-list`, body), makes: { kind: `entry@${scope}`, id: entryId } };
    },
  ],
  [
    1,
    (choice) => {
      const scope = choice.shared(kind);
      return remove(`${path}/${scope}/waiting-list/${choice.some(`entry@${scope}`)}`);
    },
  ],
];

const parking: Table = [
  ...limitedPlaces('lot', '/parking/lots'),
  [
    1,
    (choice) => {
      const { random } = choice;
      const lotId = choice.shared('lot');
      const price = random.chance(0.5) ? { price: AMOUNT, couponValue: 1_000, couponDays: 2 } : {};
      return post('/parking/lots', { lotId, name: lotId, spots: 1 + random.below(8), holdFor: HOLD_FOR, ...price });
    },
  ],
  [2, (choice) => patch(`/parking/lots/${choice.shared('lot')}`, { spots: choice.random.below(8) })],
  [0.05, (choice) => remove(`/parking/lots/${choice.shared('lot')}`)],
  [
    10,
    (choice) => {
      const [lotId, id] = [choice.shared('lot'), choice.fresh('r')];
      const carNumber = `car${choice.random.below(60)}`;
      const body = { reservationId: id, customerId: customer(choice), carNumber, amount: AMOUNT };
      const request = post(`/parking/lots/${lotId}/reservations`, { ...body, ...kept(choice, lotId) });
      return { ...request, makes: { kind: `parked@${lotId}`, id } };
    },
  ],
  [
    5,
    (choice) => {
      const lotId = choice.shared('lot');
      return remove(`/parking/lots/${lotId}/reservations/${choice.some(`parked@${lotId}`)}`);
    },
  ],
  [
    4,
    (choice) => {
      const lotId = choice.shared('lot');
      const path = `/parking/lots/${lotId}/reservations/${choice.some(`parked@${lotId}`)}`;
      return post(`${path}/${choice.random.pick(['arrival', 'departure'])}`);
    },
  ],
  [
    2,
    (choice) => {
      const lotId = choice.shared('lot');
      return post(`/parking/coupons/${lotId}.${choice.some(`parked@${lotId}`)}/redemption`);
    },
  ],
  [
    3,
    (choice) => {
      const [lotId, other] = [choice.shared('lot'), choice.shared('lot')];
      const couponId = `${other}.${choice.some(`parked@${other}`)}`;
      return post(`/parking/lots/${lotId}/reservations/${choice.some(`parked@${lotId}`)}/coupon`, { couponId });
    },
  ],
];

const screening: Table = [
  ...limitedPlaces('slot', '/screening/slots'),
  [
    1,
    (choice) => {
      const slotId = choice.shared('slot');
      const capacity = 1 + choice.random.below(6);
      return post('/screening/slots', {
        slotId,
        hospitalName: slotId,
        date: '2031-01-20',
        capacity,
        holdFor: HOLD_FOR,
      });
    },
  ],
  [1, (choice) => patch(`/screening/slots/${choice.shared('slot')}`, { capacity: choice.random.below(6) })],
  [0.1, (choice) => remove(`/screening/slots/${choice.shared('slot')}`)],
  [
    6,
    (choice) => {
      const [slotId, id] = [choice.shared('slot'), choice.fresh('b')];
      const body = { bookingId: id, customerId: customer(choice), ...kept(choice, slotId) };
      return { ...post(`/screening/slots/${slotId}/bookings`, body), makes: { kind: `booking@${slotId}`, id } };
    },
  ],
  [
    4,
    (choice) => {
      const slotId = choice.shared('slot');
      const path = `/screening/slots/${slotId}/bookings/${choice.some(`booking@${slotId}`)}`;
      return choice.random.chance(0.5) ? remove(path) : post(`${path}/reschedule`, { slotId: choice.shared('slot') });
    },
  ],
];

const cinema: Table = [
  ...limitedPlaces('showing', '/cinema/showings'),
  [
    1,
    (choice) => {
      const movieId = choice.shared('movie');
      return post('/cinema/movies', { movieId, title: movieId, description: 'a film', runningTime: 90 });
    },
  ],
  [0.02, (choice) => remove(`/cinema/movies/${choice.shared('movie')}`)],
  [
    2,
    (choice) => {
      const { random } = choice;
      const startsIn = random.chance(0.2) ? 5_000 + random.below(20_000) : 86_400_000;
      const showing = { startsAt: inUtc(choice.now() + startsIn), seats: 1 + random.below(8), price: AMOUNT };
      const body = { showingId: choice.shared('showing'), ...showing, holdFor: HOLD_FOR };
      return post(`/cinema/movies/${choice.shared('movie')}/showings`, body);
    },
  ],
  [0.05, (choice) => remove(`/cinema/showings/${choice.shared('showing')}`)],
  [
    10,
    (choice) => {
      const [showingId, id] = [choice.shared('showing'), choice.fresh('t')];
      const many = choice.random.chance(0.3) ? { places: 2 } : {};
      const body = { reservationId: id, customerId: customer(choice), ...many, ...kept(choice, showingId) };
      const request = post(`/cinema/showings/${showingId}/reservations`, { ...body, payment: payment(choice) });
      return { ...request, makes: { kind: `seat@${showingId}`, id } };
    },
  ],
  [
    4,
    (choice) => {
      const showingId = choice.shared('showing');
      return remove(`/cinema/showings/${showingId}/reservations/${choice.some(`seat@${showingId}`)}`);
    },
  ],
  [
    1,
    (choice) => {
      const showingId = choice.shared('showing');
      const body = { customerId: customer(choice), showingId, reservationId: choice.some(`seat@${showingId}`) };
      return post(`/cinema/movies/${choice.shared('movie')}/reviews`, { ...body, rating: 4, text: 'seen' });
    },
  ],
];

const foodCourt: Table = [
  [
    1,
    (choice) => {
      const shopId = choice.shared('shop');
      return post('/food-court/shops', { shopId, name: shopId, maxOpenOrders: 4, acceptWithin: 1, collectWithin: 1 });
    },
  ],
  [
    2,
    (choice) => {
      const path = `/food-court/shops/${choice.shared('shop')}/menu/m${choice.random.below(2)}`;
      return put(path, { name: 'soup', price: 100, available: choice.random.chance(0.9) });
    },
  ],
  [
    5,
    (choice) => {
      const [shopId, id] = [choice.shared('shop'), choice.fresh('o')];
      const lines = [{ menuId: `m${choice.random.below(2)}`, qty: 1 + choice.random.below(3) }];
      const request = post(`/food-court/shops/${shopId}/orders`, { orderId: id, customerId: customer(choice), lines });
      return { ...request, makes: { kind: `order@${shopId}`, id } };
    },
  ],
  [
    7,
    (choice) => {
      const shopId = choice.shared('shop');
      const path = `/food-court/shops/${shopId}/orders/${choice.some(`order@${shopId}`)}`;
      const step = choice.random.pick(['acceptance', 'cooking', 'completion', 'pickup', '']);
      return step === '' ? remove(path) : post(`${path}/${step}`);
    },
  ],
];

const bikeRental: Table = [
  [1, (choice) => post('/bike-rental/bikes', { bikeId: choice.shared('bike'), location: 'gate' })],
  [
    4,
    (choice) => {
      const [bikeId, id] = [choice.shared('bike'), choice.fresh('k')];
      const request = post(`/bike-rental/bikes/${bikeId}/rentals`, { rentalId: id, userId: customer(choice) });
      return { ...request, makes: { kind: `rental@${bikeId}`, id } };
    },
  ],
  [
    4,
    (choice) => {
      const bikeId = choice.shared('bike');
      const rentalId = choice.some(`rental@${bikeId}`);
      return post(`/bike-rental/bikes/${bikeId}/rentals/${rentalId}/return`, { location: 'river' });
    },
  ],
  [
    1,
    (choice) => {
      const { random } = choice;
      const report = { reportId: choice.fresh('q'), managerId: `g${random.below(2)}` };
      const state = { batteryLevel: random.below(101), usable: random.chance(0.9) };
      return post(`/bike-rental/bikes/${choice.shared('bike')}/condition-reports`, { ...report, ...state });
    },
  ],
  [
    2,
    (choice) => {
      const body = { chargeId: choice.fresh('d'), amount: AMOUNT, payment: payment(choice) };
      return post(`/bike-rental/users/${customer(choice)}/deposits`, body);
    },
  ],
  [
    1,
    (choice) => {
      const body = { conversionId: choice.fresh('p'), points: 1, userId: customer(choice) };
      return post(`/bike-rental/managers/g${choice.random.below(2)}/conversions`, body);
    },
  ],
];

/** The name is one that no other contact has, so that a trace of it can be found. */
const customers: Table = [
  [
    1,
    (choice) => {
      const body = { name: `홍길동 ${choice.random.below(10 ** 9)}`, email: 'gildong@example.com', language: 'ko' };
      return put(`/customers/${customer(choice)}/contact`, body);
    },
  ],
  [0.8, (choice) => remove(`/customers/${customer(choice)}${choice.random.chance(0.8) ? '?cancel=true' : ''}`)],
];

const makers = [...customers, ...parking, ...screening, ...cinema, ...foodCourt, ...bikeRental];
const total = makers.reduce((sum, [weight]) => sum + weight, 0);

/** Makes a command. */
export const makeCommand = (choice: Choice): Made => {
  let left = choice.random.next() * total;
  const [, make] = makers.find(([weight]) => {
    left -= weight;
    return left < 0;
  })!;
  return make(choice);
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
export const makeQuery = (choice: Choice): string =>
  choice.random.chance(0.7) ? `/parking/lots/${choice.shared('lot')}` : choice.random.pick(QUERIES);
