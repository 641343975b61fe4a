import type { Static } from 'typebox';
import type { queries } from '../../../schemas/cinema.ts';
import { type Phrase, t } from '../../common/language.ts';
import { Scroll } from '../../common/scroll.tsx';
import { fill } from '../../common/templates.ts';
import { useShownNow } from '../moment.ts';
import { concerning } from '../parts/list.tsx';
import { useResource } from '../resource.ts';
import type { WorkProps } from './props.ts';

type Hall = Static<typeof queries.seats.item>;
type Status = Hall['rows'][number]['seats'][number]['status'];

const WORDS: Readonly<Record<Status, Phrase>> = {
  free: { en: 'free', ko: '빈자리' },
  held: { en: 'held', ko: '선점' },
  sold: { en: 'sold', ko: '판매' },
  blocked: { en: 'blocked', ko: '사용 불가' },
};

/** The hall of a showing with the state of each seat, the front row first. */
export const SeatMap = ({ view, parameters, item }: WorkProps) => {
  const hasStarted = Date.parse(String(item.startsAt)) <= useShownNow(60_000);
  const { body } = useResource<Hall>(
    fill('/cinema/showings/{showingId}/seats', parameters),
    concerning(view, parameters),
  );
  if (!body) return null;
  const byStatus = Map.groupBy(
    body.rows.flatMap(({ seats }) => seats),
    ({ status }) => status,
  );
  return (
    <section class="list" aria-labelledby="hall">
      <header>
        <h2 id="hall">{t({ en: 'Hall', ko: '좌석' })}</h2>
        <ul class="legend">
          {[...byStatus].map(([status, { length }]) => (
            <li key={status} class={`seat-${status}`}>
              {t(WORDS[status])} {length}
            </li>
          ))}
        </ul>
      </header>
      {hasStarted && (
        <p class="dim">
          {t({ en: 'The showing has begun. No seat can be reserved.', ko: '상영이 시작되어 예매할 수 없습니다.' })}
        </p>
      )}
      <Scroll>
        <div class="hall">
          <p class="screen">{t({ en: 'Screen', ko: '스크린' })}</p>
          <ol>
            {body.rows.map(({ row, seats }) => (
              <li key={row} class="row">
                <span class="name" aria-hidden="true">
                  {row}
                </span>
                <ol>
                  {seats.map(({ seat, status, column }, at) => {
                    const gap = column - (seats[at - 1]?.column ?? 0) - 1;
                    return (
                      <li key={seat} class={`seat seat-${status}`} style={{ '--gap': Math.min(gap, 4) }}>
                        <span class="unseen">
                          {seat} {t(WORDS[status])}
                        </span>
                        <span aria-hidden="true">{seat.slice(row.length)}</span>
                      </li>
                    );
                  })}
                </ol>
              </li>
            ))}
          </ol>
        </div>
      </Scroll>
    </section>
  );
};
