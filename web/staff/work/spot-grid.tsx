import type { Static } from 'typebox';
import type { queries } from '../../../schemas/parking.ts';
import type { Page } from '../../common/api.ts';
import { formatDuration, formatMinute, formatNumber, t } from '../../common/language.ts';
import { Link, VIEW } from '../../common/router.tsx';
import { fill } from '../../common/templates.ts';
import { withoutSpots } from '../contexts/parking.ts';
import { useShownNow } from '../moment.ts';
import { Commands } from '../parts/commands.tsx';
import { concerning } from '../parts/list.tsx';
import { useResource } from '../resource.ts';
import type { WorkProps } from './props.ts';

type Reservation = Static<typeof queries.lotReservation.item>;

/** The most free spots that are drawn; a larger lot says how many more there are. */
const FREE_DRAWN = 60;
const LIMIT = 200;

const RESERVATION = '/parking/lots/{lotId}/reservations/{reservationId}';

const noteOf = ({ status, arriveBy, arrivedAt }: Reservation, now: number) => {
  if (status === 'arrived') {
    const since = arrivedAt === undefined ? '' : formatDuration((now - Date.parse(arrivedAt)) / 1000);
    return { text: t({ en: `in for ${since}`, ko: `${since}째 주차 중` }), isLate: false };
  }
  if (arriveBy === undefined) return { text: t({ en: 'reserved', ko: '예약됨' }), isLate: false };
  const by = formatMinute(arriveBy);
  const left = Date.parse(arriveBy) - now;
  return { text: t({ en: `arrives by ${by}`, ko: `${by}까지 입차` }), isLate: left < 5 * 60_000 };
};

/** A lot as its spots: each car with its plate, then the held and the free spots. */
export const SpotGrid = ({ view, parameters, item }: WorkProps) => {
  const now = useShownNow(15_000);
  const path = fill('/parking/lots/{lotId}/reservations', parameters)!;
  const read = (status: string) =>
    useResource<Page<Reservation>>(
      `${path}?status=${status}&sort=reservedAt&limit=${LIMIT}`,
      concerning(view, parameters),
    ).body;
  const inside = read('arrived');
  const coming = read('reserved');
  if (!inside || !coming) return null;
  const cars = [...inside.items, ...coming.items];
  if (item.status !== 'open' && cars.length === 0) return null;
  const isCut = inside.next !== undefined || coming.next !== undefined;
  const held = Number(item.onHold ?? 0);
  const free = Number(item.free ?? 0);
  const warning = withoutSpots(item);
  const drawn = Math.min(free, FREE_DRAWN);
  return (
    <section class="list" aria-labelledby="spots">
      <header>
        <h2 id="spots">{t({ en: 'Spots', ko: '주차면' })}</h2>
        <ul class="legend">
          <li class="in">{t({ en: `${inside.items.length} parked`, ko: `주차 중 ${inside.items.length}` })}</li>
          <li class="coming">{t({ en: `${coming.items.length} coming`, ko: `입차 예정 ${coming.items.length}` })}</li>
          {held > 0 && <li class="held">{t({ en: `${held} held`, ko: `선점 ${held}` })}</li>}
          <li class="free">{t({ en: `${free} free`, ko: `빈자리 ${free}` })}</li>
        </ul>
      </header>
      {warning && <p class="effect">{t(warning)}</p>}
      <ul class="spots">
        {cars.map((car) => {
          const { text, isLate } = noteOf(car, now);
          const known = { ...parameters, ...car };
          const kind = car.status === 'arrived' ? 'in' : 'coming';
          return (
            <li key={car.reservationId} class={isLate ? `${kind} late` : kind}>
              <Link to={VIEW + fill(RESERVATION, known)!}>
                <bdi>{car.carNumber}</bdi>
              </Link>
              <span class="dim">{text}</span>
              <Commands
                view={view}
                names={[car.status === 'arrived' ? 'RecordDeparture' : 'RecordArrival']}
                known={known}
                small
              />
            </li>
          );
        })}
        {Array.from({ length: held }, (_, at) => (
          <li key={`held-${at}`} class="held">
            {t({ en: 'held', ko: '선점' })}
          </li>
        ))}
        {Array.from({ length: drawn }, (_, at) => (
          <li key={`free-${at}`} class="free">
            {t({ en: 'free', ko: '빈자리' })}
          </li>
        ))}
      </ul>
      {free > drawn && (
        <p class="dim">
          {t({
            en: `${formatNumber(free - drawn)} more free spots`,
            ko: `빈자리 ${formatNumber(free - drawn)}면 더 있음`,
          })}
        </p>
      )}
      {isCut && (
        <p class="dim">
          {t({
            en: `The first ${LIMIT} cars of each kind are drawn; the list below has all of them.`,
            ko: `구분별로 처음 ${LIMIT}대까지 표시됩니다. 전체는 아래 목록에서 볼 수 있습니다.`,
          })}
        </p>
      )}
    </section>
  );
};
