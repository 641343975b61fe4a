import type { ParkingCommand } from '../../schemas/parking.ts';
import type { Demo, DemoCommand } from '../context.ts';

const AREAS = ['판교역', '정자역', '서현역', '수내역', '미금역', '야탑역', '이매역', '모란역', '오리역', '광교중앙역'];
const KINDS = ['공영주차장', '환승주차장', '타워주차장'];
const LOTS = KINDS.flatMap((kind) => AREAS.map((area) => `${area} ${kind}`));
const LETTERS = [...'가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주하허호'];

const DAY = -24 * 60;
/** Minutes of the demo that lie ahead. */
const AHEAD = 10;

/** Lots with cars that came during the last day, cars that are in them, and cars that will come. */
export const demo: Demo = ({ id, between, pick, customer }) => {
  const commands: (DemoCommand & ParkingCommand)[] = [];
  for (const [index, name] of LOTS.entries()) {
    const lotId = `demo-lot-${index + 1}`;
    const price = pick([2000, 3000, 4000, 5000]);
    const spots = pick([8, 12, 20, 24, 40]);
    commands.push({
      at: DAY,
      type: 'RegisterLot',
      data: { lotId, name, spots, price, arriveWithin: 60, paidHours: 3, overtimePrice: 1000 },
    });
    const visit = (at: number, minutes: number | undefined, outcome: 'parks' | 'cancels' | 'only reserves') => {
      const of = { lotId, reservationId: id() };
      const carNumber = `${between(10, 399)}${pick(LETTERS)}${between(1000, 9999)}`;
      const data = { ...of, customerId: customer(), carNumber, amount: price };
      commands.push({ at, type: 'ReserveParking', data });
      if (outcome === 'cancels') commands.push({ at: at + 7, type: 'CancelReservation', data: of });
      if (outcome !== 'parks') return;
      commands.push({ at: at + between(8, 25), type: 'RecordArrival', data: of });
      if (minutes !== undefined) commands.push({ at: at + minutes, type: 'RecordDeparture', data: of });
    };
    // Cars that left again, so that most of the day is over.
    for (let visits = between(3, 8); visits > 0; visits--) {
      const at = between(DAY + 60, -90);
      visit(at, Math.min(between(60, 240), -1 - at), pick(['parks', 'parks', 'parks', 'parks', 'cancels']));
    }
    // Some lots are full.
    const inside = index % 7 === 0 ? spots : between(1, Math.floor(spots * 0.8));
    for (let cars = inside; cars > 0; cars--)
      visit(between(-55, -30), undefined, pick(['parks', 'parks', 'parks', 'only reserves']));
    for (let visits = between(1, 3); visits > 0; visits--)
      visit(between(5, AHEAD * 60) / 60, undefined, pick(['parks', 'only reserves', 'cancels']));
  }
  return commands;
};
