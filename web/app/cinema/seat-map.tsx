import { useRef, useState } from 'preact/hooks';
import type { Static } from 'typebox';
import type { queries } from '../../../schemas/cinema.ts';
import { Scroll } from '../../common/scroll.tsx';
import { say } from '../words.ts';

type Row = Static<typeof queries.seats.item>['rows'][number];
type Seat = Row['seats'][number];

/** Seats of one line, where a showing has no hall map. */
const LINE = 10;

/** Splits the only row of a showing without a hall map into lines that fit on a phone. */
const linesOf = (rows: readonly Row[]): readonly Row[] =>
  rows.flatMap((row) =>
    row.row === ''
      ? Array.from({ length: Math.ceil(row.seats.length / LINE) }, (_, line) => ({
          row: '',
          seats: row.seats.slice(line * LINE, (line + 1) * LINE).map((seat, at) => ({ ...seat, column: at + 1 })),
        }))
      : [row],
  );

const statusWords = (status: Seat['status'] | 'mine'): string =>
  ({
    free: say('선택 가능', 'free'),
    mine: say('내 좌석', 'mine'),
    held: say('결제 중', 'being paid'),
    sold: say('판매됨', 'sold'),
    blocked: say('이용 불가', 'not in use'),
  })[status];

const KEYS: Readonly<Record<string, readonly [down: number, right: number]>> = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};

/**
 * The columns of a hall that fit on a phone; a wider one scrolls sideways, so its seats can be as large as a finger.
 */
const PHONE = 12;

/**
 * The seats of a hall: chosen by touch, or by keyboard with the arrow keys and the space bar. Each seat says its name
 * and its state.
 */
export const SeatMap = ({
  rows,
  chosen,
  onSeat,
}: {
  rows: readonly Row[];
  chosen: readonly string[];
  onSeat(seat: string): void;
}) => {
  const map = useRef<HTMLDivElement>(null);
  const lines = linesOf(rows);
  const all = lines.flatMap(({ seats }) => seats);
  const [at, setAt] = useState<string>();
  const current = at ?? all.find(({ status }) => status === 'free')?.seat;
  const columns = Math.max(...all.map(({ column }) => column), 1);

  const move = (event: KeyboardEvent, line: number, column: number) => {
    const [down, right] = KEYS[event.key] ?? [];
    if (down === undefined || right === undefined) return;
    event.preventDefault();
    const seats = lines[line + down]?.seats ?? [];
    const next =
      right === 0
        ? seats.toSorted((a, b) => Math.abs(a.column - column) - Math.abs(b.column - column))[0]
        : seats[seats.findIndex((seat) => seat.column === column) + right];
    if (!next) return;
    setAt(next.seat);
    map.current?.querySelector<HTMLElement>(`[data-seat="${next.seat}"]`)?.focus();
  };

  return (
    <div class="card hall">
      <Scroll>
        <div class={columns > PHONE ? 'seats large' : 'seats'} ref={map} style={{ '--columns': columns }}>
          <p class="screen" aria-hidden="true">
            {say('스크린', 'Screen')}
          </p>
          {lines.map(({ row, seats }, line) => (
            <fieldset key={line}>
              <legend class="unseen">{row === '' ? say('좌석', 'Seats') : say(`${row}열`, `Row ${row}`)}</legend>
              <span class="row-name" aria-hidden="true">
                {row}
              </span>
              {seats.map(({ seat, column, status: given }) => {
                const status = chosen.includes(seat) ? 'mine' : given;
                const isChoosable = status === 'free' || status === 'mine';
                return (
                  <button
                    key={seat}
                    type="button"
                    class={`seat ${status}`}
                    style={{ gridColumn: column + 1 }}
                    data-seat={seat}
                    aria-pressed={status === 'mine'}
                    aria-disabled={!isChoosable}
                    tabIndex={seat === current ? 0 : -1}
                    onFocus={() => setAt(seat)}
                    onClick={() => isChoosable && onSeat(seat)}
                    onKeyDown={(event) => move(event, line, column)}
                  >
                    <span class="unseen">
                      {seat} {statusWords(status)}
                    </span>
                    <span aria-hidden="true">{seat.slice(row.length)}</span>
                  </button>
                );
              })}
            </fieldset>
          ))}
        </div>
      </Scroll>
      <ul class="legend" aria-hidden="true">
        {(['free', 'mine', 'held', 'sold'] as const).map((status) => (
          <li key={status}>
            <span class={`seat ${status}`} /> {statusWords(status)}
          </li>
        ))}
      </ul>
    </div>
  );
};
