import { useEffect, useState } from 'preact/hooks';
import type { Static } from 'typebox';
import type { queries } from '../../../schemas/cinema.ts';
import type { Problem } from '../../common/api.ts';
import { Countdown } from '../../common/countdown.tsx';
import { formatMoney, formatStart } from '../../common/language.ts';
import { go, Link } from '../../common/router.tsx';
import { readAgain, useUpdates } from '../../common/updates.ts';
import { Refused, useCommand } from '../command.tsx';
import { Choice, Fact, Heading, Loaded } from '../parts.tsx';
import { type Paid, Payment } from '../payment.tsx';
import { type Entry, useEntries, Waiting } from '../waiting.tsx';
import { say } from '../words.ts';
import { heldBy, isPaymentFailure, type Kept, keepAgain } from './kept.ts';
import { hallName } from './movies.tsx';
import { SeatMap } from './seat-map.tsx';

type Showing = Static<typeof queries.showing.item>;
type Seats = Static<typeof queries.seats.item>;

/** The most seats of one reservation. */
const MOST = 8;

const KEPT = 'plaza.hold ';

const pathOf = (showingId: string): string => `/cinema/showings/${showingId}`;

/** Remembers the hold until this tab closes: after a reload the customer continues with the payment. */
const useKept = (showingId: string) => {
  const name = KEPT + showingId;
  const [kept, setKept] = useState<Kept | undefined>(() => {
    const found = JSON.parse(sessionStorage.getItem(name) ?? 'null') as Kept | null;
    return found && Date.parse(found.expiresAt) > Date.now() ? found : undefined;
  });
  const change = (next: Kept | undefined) => {
    if (next) sessionStorage.setItem(name, JSON.stringify(next));
    else sessionStorage.removeItem(name);
    setKept(next);
  };
  return [kept, change] as const;
};

/** The choice of seats on the hall's map. @param offer of the waiting list, which keeps a number of seats */
const Choosing = ({
  showing,
  customerId,
  offer,
  onKept,
}: {
  showing: Showing;
  customerId: string;
  offer: Entry | undefined;
  onKept(kept: Kept): void;
}) => {
  const path = pathOf(showing.showingId);
  const seats = useUpdates<Seats>(`${path}/seats`, { every: 3000 });
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const { give, isBusy, problem } = useCommand();
  const most = Math.min(MOST, offer?.places ?? showing.left);
  const free = new Set(
    seats.body?.rows.flatMap((row) => row.seats.filter(({ status }) => status === 'free').map(({ seat }) => seat)),
  );
  const lost = seats.body ? chosen.filter((seat) => !free.has(seat)) : [];
  const [taken, setTaken] = useState<readonly string[]>([]);
  useEffect(() => {
    if (lost.length === 0) return;
    setChosen(chosen.filter((seat) => free.has(seat)));
    setTaken(lost);
  }, [lost.join()]);

  const toggle = (seat: string) => {
    setTaken([]);
    if (chosen.includes(seat)) setChosen(chosen.filter((other) => other !== seat));
    else setChosen([...chosen, seat].slice(-most));
  };
  const keep = async () => {
    if (offer?.expiresAt !== undefined)
      return onKept({ seats: chosen, expiresAt: offer.expiresAt, by: { entryId: offer.entryId } });
    const done = await give('POST', `${path}/holds`, { customerId, places: chosen.length, seats: chosen });
    if (!done) return;
    onKept(heldBy(chosen, done));
  };
  const names = [...chosen].sort((a, b) => a.localeCompare(b, undefined, { numeric: true })).join(', ');
  return (
    <section class="choosing">
      <h2>{say('좌석 선택', 'Choose seats')}</h2>
      <Loaded of={seats}>{({ rows }) => <SeatMap rows={rows} chosen={chosen} onSeat={toggle} />}</Loaded>
      <div class="card basket">
        <p class="total" aria-live="polite">
          <span>
            {chosen.length > 0 ? names : say(`최대 ${most}석까지 고를 수 있어요`, `Choose up to ${most} seats`)}
          </span>
          <strong>{formatMoney(showing.price * chosen.length)}</strong>
        </p>
        {taken.length > 0 && (
          <p class="refused" role="alert">
            {say(
              `${taken.join(', ')} 좌석은 방금 다른 분이 골랐습니다.`,
              `${taken.join(', ')}: taken by someone else.`,
            )}
          </p>
        )}
        <Refused problem={problem} />
        <button type="button" class="main" disabled={chosen.length === 0 || isBusy} onClick={keep}>
          {showing.price > 0
            ? say('이 좌석으로 결제하기', 'Pay for these seats')
            : say('이 좌석 예매하기', 'Reserve these seats')}
        </button>
      </div>
    </section>
  );
};

const Paying = ({
  showing,
  customerId,
  kept,
  onKept,
  onEnd,
}: {
  showing: Showing;
  customerId: string;
  kept: Kept;
  /** The seats are kept anew, after a payment that failed. */
  onKept(kept: Kept): void;
  /** @param reason why the seats are no longer kept; undefined when the customer gave them back */
  onEnd(reason?: Problem | 'late'): void;
}) => {
  const path = pathOf(showing.showingId);
  const total = showing.price * kept.seats.length;
  const paying = useCommand();
  const releasing = useCommand();
  const { problem } = paying;
  const [isKeeping, setKeeping] = useState(false);
  const tryAnotherCard = async (failure: Problem) => {
    setKeeping(true);
    const next = await keepAgain(path, customerId, kept);
    setKeeping(false);
    if (next) onKept(next);
    else onEnd(failure);
  };
  // Any other refusal shows that the hold had ended; without an answer the same payment is tried again.
  useEffect(() => {
    if (!problem) return;
    if (isPaymentFailure(problem)) void tryAnotherCard(problem);
    else if (problem.status >= 400 && problem.status < 500) onEnd(problem);
  }, [problem]);

  const release = async () => {
    if ('holdId' in kept.by) await releasing.give('DELETE', `${path}/holds/${kept.by.holdId}`);
    onEnd();
  };
  const pay = async (payment?: Paid) => {
    const done = await paying.give('POST', `${path}/reservations`, {
      customerId,
      seats: kept.seats,
      amount: total,
      ...kept.by,
      payment,
    });
    if (!done) return;
    sessionStorage.removeItem(KEPT + showing.showingId);
    go(`/app${path}/reservations/${String(done.body.reservationId)}`);
  };
  return (
    <section class="card">
      <h2>{total > 0 ? say('결제', 'Payment') : say('예매 확인', 'Confirm')}</h2>
      <dl class="facts">
        <Fact label={say('좌석', 'Seats')}>
          <strong>{kept.seats.join(', ')}</strong>
        </Fact>
        <Fact label={total > 0 ? say('남은 결제 시간', 'Time left to pay') : say('남은 시간', 'Time left')}>
          <Countdown until={kept.expiresAt} onEnd={() => !paying.isBusy && onEnd('late')} />
        </Fact>
      </dl>
      {total > 0 ? (
        <Payment total={total} isBusy={paying.isBusy || isKeeping} problem={problem} onPay={pay} />
      ) : (
        <>
          <Refused problem={problem} />
          <button type="button" class="main" disabled={paying.isBusy || isKeeping} onClick={() => pay()}>
            {say('무료로 예매하기', 'Reserve for free')}
          </button>
        </>
      )}
      <button type="button" disabled={paying.isBusy || releasing.isBusy} onClick={release}>
        {say('좌석 다시 고르기', 'Choose other seats')}
      </button>
    </section>
  );
};

/** The way into the waiting list, for more seats than are left. */
const Joining = ({ showing: { showingId, left }, customerId }: { showing: Showing; customerId: string }) => {
  const [chosen, setChosen] = useState(0);
  const fewest = left + 1;
  const places = Math.max(chosen, fewest);
  return (
    <>
      <Choice
        label={say('인원', 'Seats')}
        value={places}
        options={Array.from({ length: MOST - left }, (_, at) => [
          fewest + at,
          say(`${fewest + at}명`, `${fewest + at}`),
        ])}
        onChoose={setChosen}
      />
      <Waiting path={pathOf(showingId)} customerId={customerId} places={places} left={left} />
    </>
  );
};

const Booking = ({ showing, customerId }: { showing: Showing; customerId: string }) => {
  const { showingId } = showing;
  const [entry] = useEntries('cinema', 'showingId', showingId, customerId);
  const [kept, setKept] = useKept(showingId);
  const [ended, setEnded] = useState<Problem | 'late'>();
  const keep = (next: Kept) => {
    setEnded(undefined);
    setKept(next);
  };
  if (kept)
    return (
      <Paying
        showing={showing}
        customerId={customerId}
        kept={kept}
        onKept={keep}
        onEnd={(reason) => {
          setEnded(reason);
          setKept(undefined);
          readAgain();
        }}
      />
    );
  const offer = entry?.status === 'offered' ? entry : undefined;
  const choosing = <Choosing showing={showing} customerId={customerId} offer={offer} onKept={keep} />;
  return (
    <>
      {ended === 'late' ? (
        <p class="refused" role="alert">
          {say('결제 시간이 지나 좌석이 풀렸습니다. 다시 고르세요.', 'The time to pay is over. Choose seats again.')}
        </p>
      ) : (
        <Refused problem={ended} />
      )}
      {entry && <Waiting path={pathOf(showingId)} entry={entry} customerId={customerId} offered={choosing} />}
      {!entry && showing.left === 0 && <Joining showing={showing} customerId={customerId} />}
      {!entry && showing.left > 0 && choosing}
      {!entry && showing.left > 0 && showing.left < MOST && (
        <details class="more">
          <summary>{say('더 많은 좌석이 필요하세요?', 'Do you need more seats?')}</summary>
          <Joining showing={showing} customerId={customerId} />
        </details>
      )}
    </>
  );
};

export const ShowingPage = ({ showingId, customerId }: { showingId: string; customerId: string }) => {
  const found = useUpdates<Showing>(pathOf(showingId), { every: 3000 });
  const [, setBegun] = useState(false);
  return (
    <Loaded of={found}>
      {(showing) => {
        const { title, status, startsAt, price, hallId } = showing;
        const hasBegun = Date.parse(startsAt) <= Date.now();
        return (
          <>
            <header>
              <Heading>{title}</Heading>
              <p class="about">
                {formatStart(startsAt)}
                {hallId !== undefined && ` · ${hallName(hallId)}`} · {formatMoney(price)}
              </p>
            </header>
            {status === 'canceled' && <p class="refused">{say('취소된 상영입니다.', 'The showing is cancelled.')}</p>}
            {status === 'open' && hasBegun && (
              <p class="refused">{say('이미 시작한 상영입니다.', 'The showing has begun.')}</p>
            )}
            {(status === 'canceled' || hasBegun) && (
              <Link to={`/app/cinema/${showing.movieId}`} class="button">
                {say('다른 상영 찾기', 'Choose another showing')}
              </Link>
            )}
            {status === 'open' && !hasBegun && (
              <>
                <Booking showing={showing} customerId={customerId} />
                <span hidden>
                  <Countdown until={startsAt} onEnd={() => setBegun(true)} />
                </span>
              </>
            )}
          </>
        );
      }}
    </Loaded>
  );
};
