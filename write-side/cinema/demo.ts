import type { CinemaCommand } from '../../schemas/cinema.ts';
import type { Demo, DemoCommand } from '../context.ts';

const MOVIES: readonly (readonly [title: string, runningTime: number, description: string])[] = [
  ['한강의 밤', 118, '한강 다리 아래에서 다시 만난 두 친구의 하룻밤'],
  ['서울역 막차', 104, '막차를 놓친 여섯 사람의 이야기'],
  ['제주, 바람의 시간', 96, '섬으로 돌아온 해녀의 딸'],
  ['달고나 대작전', 112, '골목 문방구를 지키려는 아이들의 모험'],
  ['고래를 찾아서', 127, '동해의 마지막 고래를 좇는 선원들'],
  ['우주 택배', 133, '화성으로 가는 택배 기사의 첫 배달'],
];

const HALL = [
  '__oooooooo__',
  'oo_oooooo_oo',
  'oo_oooooo_oo',
  'oo_oooooo_oo',
  'oo_oooooo_oo',
  'oo_oooooo_oo',
  'xo_oooooo_ox',
];

const DAY = -24 * 60;
const SHOWINGS_OF_EACH = 5;

/** Movies with their showings today and tomorrow, and sold seats. */
export const demo: Demo = ({ now, id, between, pick, customer }) => {
  const commands: (DemoCommand & CinemaCommand)[] = [];
  const nextHour = Math.ceil(now / 3_600_000) * 3_600_000;
  for (const [index, [title, runningTime, description]] of MOVIES.entries()) {
    const movieId = `demo-movie-${index + 1}`;
    const hallId = `hall-${index + 1}`;
    commands.push({ at: DAY, type: 'RegisterMovie', data: { movieId, title, description, runningTime } });
    for (let showing = 1; showing <= SHOWINGS_OF_EACH; showing++) {
      const showingId = `${movieId}-${showing}`;
      const startsAt = new Date(nextHour + (showing * 4 - 2) * 3_600_000 + index * 600_000).toISOString();
      const price = pick([12_000, 14_000, 15_000]);
      commands.push({
        at: DAY + 1,
        type: 'ScheduleShowing',
        data: { movieId, showingId, startsAt, hallMap: HALL, hallId, price },
      });
      const reserve = (at: number) => {
        const of = { showingId, reservationId: id() };
        const payment = {
          method: pick(['card', 'kakao-pay', 'naver-pay']),
          token: between(1, 25) === 1 ? 'decline' : 'approve',
        };
        commands.push({
          at,
          type: 'ReserveSeat',
          data: { ...of, customerId: customer(), places: between(1, 4), payment },
        });
        if (between(1, 12) === 1) commands.push({ at: at + 45, type: 'CancelSeat', data: of });
      };
      for (let sold = between(2, 9); sold > 0; sold--) reserve(between(DAY + 30, -50));
      for (let sold = between(0, 3); sold > 0; sold--) reserve(between(5, 600) / 60);
    }
  }
  return commands;
};
