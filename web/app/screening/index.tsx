import { CalendarCheck, Stethoscope } from 'lucide';
import { type ComponentChildren, Fragment } from 'preact';
import { useState } from 'preact/hooks';
import type { Static } from 'typebox';
import type { queries } from '../../../schemas/screening.ts';
import type { Page } from '../../common/api.ts';
import { Countdown } from '../../common/countdown.tsx';
import { formatDay, formatNumber, formatStart } from '../../common/language.ts';
import { go, Link } from '../../common/router.tsx';
import { readAgain, type Update, useUpdates } from '../../common/updates.ts';
import { dayOf, MonthCalendar } from '../calendar.tsx';
import { TicketCode } from '../code.tsx';
import { Refused, useCommand } from '../command.tsx';
import { useLongList } from '../lists.ts';
import { type AppPage, type Ticket, ticketsOf } from '../page.ts';
import { ConfirmButton, Fact, Heading, Loaded, RowLink } from '../parts.tsx';
import { useEntries, Waiting } from '../waiting.tsx';
import { say } from '../words.ts';

export type Slot = Static<typeof queries.slot.item>;
type Booking = Static<typeof queries.booking.item>;
type Hold = Static<typeof queries.hold.item>;

/** The most people of one booking. */
const MOST = 10;
const DAY_MS = 86_400_000;

const leftOf = (left: number) =>
  left > 0 ? (
    <span class="good">{say(`${formatNumber(left)}자리 남음`, `${formatNumber(left)} left`)}</span>
  ) : (
    <span class="bad">{say('마감', 'Full')}</span>
  );

const sessionsOf = ({ sessions }: Slot): string =>
  sessions === undefined ? say('시간 지정 없음', 'Any time of the day') : sessions.map(({ at }) => at).join(' · ');

const whenOf = ({ date, at }: { date: string; at?: string }): string =>
  at === undefined ? formatDay(date) : `${formatDay(date)} ${at}`;

const people = (places: number): string => say(`${places}명`, places === 1 ? '1 person' : `${places} people`);

/** One slot of a list. @param isDated whether the row tells the day */
export const SlotRow = ({ slot, isDated = false }: { slot: Slot; isDated?: boolean }) => (
  <RowLink
    to={`/app/screening/${slot.slotId}`}
    icon={Stethoscope}
    title={slot.hospitalName}
    about={isDated ? formatDay(slot.date) : sessionsOf(slot)}
    aside={leftOf(slot.left)}
  />
);

/** Reads the open slots of a month. */
const useMonth = (month: string, hospital: string): Update<Slot[]> & { isWhole: boolean } => {
  const first = new Date(`${month}-01T00:00Z`);
  // A day begins at another moment in each time zone: the range is a day longer on both sides.
  const query = new URLSearchParams({
    status: 'open',
    from: new Date(first.getTime() - DAY_MS).toISOString(),
    to: new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 2)).toISOString(),
    sort: 'date',
    ...(hospital === '' ? {} : { hospitalName: hospital }),
  });
  const { items, ...rest } = useLongList<Slot>(`/screening/slots?${query}`, 15_000);
  return items ? { ...rest, body: items.filter(({ date }) => date.startsWith(month)) } : rest;
};

/** Reads the names of the hospitals with open slots. */
const useHospitals = (): string[] => {
  const { body } = useUpdates<Page<Slot>>('/screening/slots?status=open&sort=date&limit=200', { every: 60_000 });
  return [...new Set(body?.items.map(({ hospitalName }) => hospitalName))].sort((a, b) => a.localeCompare(b, 'ko'));
};

/** The choice of a hospital, a day and a slot. @param children shows a slot of the chosen day */
const SlotChoice = ({
  hospital: initial = '',
  children,
}: {
  hospital?: string;
  children: (slot: Slot) => ComponentChildren;
}) => {
  const [hospital, setHospital] = useState(initial);
  const [month, setMonth] = useState(dayOf(new Date()).slice(0, 7));
  const [chosen, setChosen] = useState<string>();
  const hospitals = useHospitals();
  const slots = useMonth(month, hospital);
  const left = new Map<string, number>();
  for (const slot of slots.body ?? []) left.set(slot.date, (left.get(slot.date) ?? 0) + slot.left);
  const isOfMonth = chosen?.startsWith(month);
  const day = isOfMonth ? chosen : [...left].find(([, places]) => places > 0)?.[0];
  const filter = hospital === '' ? '' : `&hospitalName=${encodeURIComponent(hospital)}`;
  const ofDay = useUpdates<Page<Slot>>(
    day === undefined ? undefined : `/screening/slots?status=open&date=${day}&sort=-left&limit=100${filter}`,
  );
  return (
    <>
      {hospitals.length > 1 && (
        <div class="field">
          <label for="hospital">{say('병원', 'Hospital')}</label>
          <select id="hospital" value={hospital} onChange={(event) => setHospital(event.currentTarget.value)}>
            <option value="">{say('전체 병원', 'All hospitals')}</option>
            {hospitals.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </div>
      )}
      <MonthCalendar month={month} onMonth={setMonth} day={day} onDay={setChosen} left={left} />
      {!slots.isWhole && (
        <p class="dim">
          {say('병원을 고르면 이 달의 모든 날짜가 보입니다.', 'Choose a hospital to see every day of the month.')}
        </p>
      )}
      {day === undefined ? (
        <Loaded of={slots} rows={1}>
          {() => (
            <p class="dim">{say('이 달에는 예약할 수 있는 날이 없습니다.', 'No day of this month can be booked.')}</p>
          )}
        </Loaded>
      ) : (
        <section>
          <h2>{formatDay(day)}</h2>
          <Loaded of={ofDay}>
            {({ items }) => (
              <ul class="rows">
                {items.map((slot) => (
                  <Fragment key={slot.slotId}>{children(slot)}</Fragment>
                ))}
              </ul>
            )}
          </Loaded>
        </section>
      )}
    </>
  );
};

const ScreeningPage = () => (
  <>
    <Heading>{say('건강검진', 'Health screening')}</Heading>
    <SlotChoice>{(slot) => <SlotRow slot={slot} />}</SlotChoice>
  </>
);

/** Books the places that a hold or an offer keeps. */
const BookButton = ({
  slotId,
  body,
  words,
}: {
  slotId: string;
  body: { customerId: string; at?: string; places: number; holdId?: string; entryId?: string };
  words: string;
}) => {
  const { give, isBusy, problem } = useCommand();
  const book = async () => {
    const done = await give('POST', `/screening/slots/${slotId}/bookings`, body);
    if (done) go(`/app/screening/${slotId}/bookings/${String(done.body.bookingId)}`, { replace: true });
  };
  return (
    <>
      <Refused problem={problem} />
      <button type="button" class="main wide" disabled={isBusy} onClick={book}>
        {words}
      </button>
    </>
  );
};

const atOf = (at: string | undefined) => (at === undefined ? {} : { at });

/** The places that are held for the customer, until they are booked or given back. */
const HeldPlaces = ({ slot, hold }: { slot: Slot; hold: Hold }) => {
  const { give, isBusy, problem } = useCommand();
  const { slotId, date, hospitalName } = slot;
  const { holdId, customerId, places, at, expiresAt } = hold;
  return (
    <section class="card offer">
      <h2>{say('예약 내용을 확인하세요', 'Check your booking')}</h2>
      <dl class="facts">
        <Fact label={say('병원', 'Hospital')}>{hospitalName}</Fact>
        <Fact label={say('일시', 'When')}>{whenOf({ date, ...atOf(at) })}</Fact>
        <Fact label={say('인원', 'People')}>{people(places)}</Fact>
      </dl>
      <p>
        {say('자리를 잡아 두는 시간', 'Kept for you')} <Countdown until={expiresAt} onEnd={readAgain} />
      </p>
      <BookButton
        slotId={slotId}
        body={{ customerId, places, holdId, ...atOf(at) }}
        words={say('예약 확정', 'Confirm the booking')}
      />
      <Refused problem={problem} />
      <button
        type="button"
        class="wide"
        disabled={isBusy}
        onClick={() => give('DELETE', `/screening/slots/${slotId}/holds/${holdId}`)}
      >
        {say('다시 고르기', 'Choose again')}
      </button>
    </section>
  );
};

type Session = { at?: string; left: number };

/** The times of a slot that can be booked; a slot without sessions has one, which is the whole day. */
const timesOf = ({ date, left, sessions }: Slot): Session[] => {
  const now = new Date();
  const time = now.toTimeString().slice(0, 5);
  const all: Session[] = sessions ?? [{ left }];
  return all.filter(({ at }) => date !== dayOf(now) || at === undefined || at > time);
};

const SessionChoice = ({
  sessions,
  at,
  onChoose,
}: {
  sessions: readonly Session[];
  at: string | undefined;
  onChoose(at: string | undefined): void;
}) => (
  <fieldset class="chips times">
    <legend>{say('시간', 'Time')}</legend>
    {sessions.map((session) => (
      <button key={session.at} type="button" aria-pressed={session.at === at} onClick={() => onChoose(session.at)}>
        {session.at} <small>{session.left > 0 ? session.left : say('마감', 'full')}</small>
      </button>
    ))}
  </fieldset>
);

/** Holds places, which the customer then books; on a full session, the way into its waiting list. */
const PlacesForm = ({ slot, customerId }: { slot: Slot; customerId: string }) => {
  const { slotId } = slot;
  const sessions = timesOf(slot);
  const [chosen, setChosen] = useState<string>();
  const [places, setPlaces] = useState(1);
  const entries = useEntries('screening', 'slotId', slotId, customerId);
  const session =
    sessions.find(({ at }) => at !== undefined && at === (chosen ?? entries[0]?.at)) ??
    sessions.find(({ left }) => left > 0) ??
    sessions[0];
  const { give, isBusy, problem } = useCommand();
  if (!session) return <p class="refused">{say('오늘 예약은 끝났습니다.', 'Booking has ended for today.')}</p>;
  const at = atOf(session.at);
  const entry = entries.find((one) => one.at === session.at);
  const hold = (event: SubmitEvent) => {
    event.preventDefault();
    void give('POST', `/screening/slots/${slotId}/holds`, { customerId, places, ...at });
  };
  return (
    <>
      {slot.sessions && <SessionChoice sessions={sessions} at={session.at} onChoose={setChosen} />}
      {!entry && (
        <form class="card" onSubmit={hold}>
          <div class="field">
            <label for="places">{say('인원', 'People')}</label>
            <select id="places" value={places} onChange={(event) => setPlaces(Number(event.currentTarget.value))}>
              {Array.from({ length: MOST }, (_, index) => (
                <option key={index} value={index + 1}>
                  {people(index + 1)}
                </option>
              ))}
            </select>
          </div>
          {session.left >= places && (
            <>
              <Refused problem={problem} />
              <button type="submit" class="main wide" disabled={isBusy}>
                {say('예약하기', 'Book')}
              </button>
            </>
          )}
        </form>
      )}
      {(entry || session.left < places) && (
        <Waiting
          path={`/screening/slots/${slotId}`}
          entry={entry}
          customerId={customerId}
          places={places}
          left={session.left}
          about={at}
          offered={
            entry && (
              <BookButton
                slotId={slotId}
                body={{ customerId, places: entry.places, entryId: entry.entryId, ...at }}
                words={say('이 자리 예약하기', 'Take this place')}
              />
            )
          }
        />
      )}
    </>
  );
};

const SlotPage = ({ slotId, customerId }: { slotId: string; customerId: string }) => {
  const path = `/screening/slots/${slotId}`;
  const every = 3000;
  const found = useUpdates<Slot>(path, { every });
  const booked = useUpdates<Page<Booking>>(
    `/screening/bookings?slotId=${slotId}&customerId=${customerId}&status=booked&limit=1`,
    { every },
  );
  const holds = useUpdates<Page<Hold>>(`${path}/holds?customerId=${customerId}&status=held&sort=-expiresAt&limit=1`, {
    every,
  });
  const [hold] = (holds.body?.items ?? []).filter(({ expiresAt }) => Date.parse(expiresAt) > Date.now());
  const [booking] = booked.body?.items ?? [];
  return (
    <Loaded of={found}>
      {(slot) => (
        <>
          <Heading>{slot.hospitalName}</Heading>
          <dl class="facts card">
            <Fact label={say('날짜', 'Day')}>{formatDay(slot.date)}</Fact>
            <Fact label={say('남은 자리', 'Places left')}>
              {say(
                `${formatNumber(slot.left)} / ${formatNumber(slot.capacity)}자리`,
                `${slot.left} of ${slot.capacity}`,
              )}
            </Fact>
            {slot.cancelUntil !== undefined && (
              <Fact label={say('취소·변경', 'Cancel or change')}>
                {say(`${formatDay(slot.cancelUntil)}까지`, `until ${formatDay(slot.cancelUntil)}`)}
              </Fact>
            )}
          </dl>
          {slot.status === 'deleted' && <p class="refused">{say('취소된 일정입니다.', 'This day was cancelled.')}</p>}
          {slot.status === 'ended' && <p class="refused">{say('끝난 일정입니다.', 'This day has ended.')}</p>}
          {booking && (
            <section>
              <h2>{say('내 예약', 'Your booking')}</h2>
              <ul class="rows">
                <BookingRow of={booking} />
              </ul>
            </section>
          )}
          {slot.status === 'open' && !booking && hold && <HeldPlaces slot={slot} hold={hold} />}
          {slot.status === 'open' && !booking && !hold && booked.body && holds.body && (
            <PlacesForm slot={slot} customerId={customerId} />
          )}
        </>
      )}
    </Loaded>
  );
};

const statusWords = (status: Booking['status']): string =>
  ({
    booked: say('예약됨', 'Booked'),
    canceled: say('취소됨', 'Cancelled'),
    'force-canceled': say('병원 사정으로 취소됨', 'Cancelled by the hospital'),
    rescheduled: say('일정 변경됨', 'Moved'),
    attended: say('검진 완료', 'Attended'),
    missed: say('미방문', 'Missed'),
  })[status];

const bookingPath = ({ slotId, bookingId }: Pick<Booking, 'slotId' | 'bookingId'>): string =>
  `/screening/slots/${slotId}/bookings/${bookingId}`;

/** One booking of a list. */
const BookingRow = ({ of }: { of: Booking }) => (
  <RowLink
    to={`/app/screening/${of.slotId}/bookings/${of.bookingId}`}
    icon={Stethoscope}
    title={of.hospitalName}
    about={`${whenOf(of)} · ${people(of.places)}`}
    aside={statusWords(of.status)}
  />
);

/** Whether the booking can be cancelled or moved: until the end of a day. */
const isChangeable = ({ status, cancelUntil }: Booking): boolean =>
  status === 'booked' && (cancelUntil === undefined || cancelUntil >= dayOf(new Date()));

const BookingPage = ({ slotId, bookingId }: { slotId: string; bookingId: string }) => {
  const path = bookingPath({ slotId, bookingId });
  const found = useUpdates<Booking>(path, { every: 3000, isKept: true });
  const { give, isBusy, problem } = useCommand();
  return (
    <Loaded of={found}>
      {(booking) => {
        const { status, places, cancelUntil, history } = booking;
        return (
          <>
            <Heading>{booking.hospitalName}</Heading>
            <article class={`ticket ${status}`}>
              <p class="state">{statusWords(status)}</p>
              <p class="plate">{whenOf(booking)}</p>
              {status === 'booked' && (
                <>
                  <TicketCode path={path} label={say('접수용 QR 코드', 'Ticket as a QR code')} />
                  <p class="dim scan">{say('접수할 때 보여 주세요.', 'Show it at the desk.')}</p>
                </>
              )}
              <dl class="facts">
                <Fact label={say('인원', 'People')}>{people(places)}</Fact>
                {status === 'booked' && cancelUntil !== undefined && (
                  <Fact label={say('취소·변경', 'Cancel or change')}>
                    {say(`${formatDay(cancelUntil)}까지`, `until ${formatDay(cancelUntil)}`)}
                  </Fact>
                )}
                {history.map((one) => (
                  <Fact key={one.time} label={statusWords(one.status)}>
                    {formatStart(one.time)}
                  </Fact>
                ))}
              </dl>
            </article>
            <Refused problem={problem} />
            <div class="actions">
              {isChangeable(booking) && (
                <>
                  <Link to={`/app/screening/${slotId}/bookings/${bookingId}/move`} class="button wide">
                    {say('일정 변경', 'Change the day')}
                  </Link>
                  <ConfirmButton
                    words={say('예약 취소', 'Cancel the booking')}
                    effect={say('자리가 바로 다른 분에게 넘어갑니다.', 'The place is free for others at once.')}
                    isBusy={isBusy}
                    onConfirm={() => give('DELETE', path)}
                  />
                </>
              )}
            </div>
          </>
        );
      }}
    </Loaded>
  );
};

/** A slot of the day to which a booking can move, with a button for each of its times. */
const MoveTarget = ({ slot, booking }: { slot: Slot; booking: Booking }) => {
  const { give, isBusy, problem } = useCommand();
  const { slotId: from, bookingId, places, at: current } = booking;
  const move = async (at: string | undefined) => {
    const path = `/screening/slots/${from}/bookings/${bookingId}/reschedule`;
    const done = await give('POST', path, { slotId: slot.slotId, ...atOf(at) });
    if (done) go(`/app/screening/${slot.slotId}/bookings/${bookingId}`, { replace: true });
  };
  return (
    <li class="item target">
      <strong>{slot.hospitalName}</strong>
      <div class="chips">
        {timesOf(slot).map(({ at, left }) => {
          const isHere = slot.slotId === from && at === current;
          const when = whenOf({ date: slot.date, ...atOf(at) });
          return (
            <ConfirmButton
              key={at}
              kind="main"
              words={at ?? say('이 날로 변경', 'Move here')}
              title={say(`${when}로 변경`, `Move to ${when}`)}
              effect={say(
                `${whenOf(booking)} 예약이 ${slot.hospitalName} ${when}로 바뀝니다.`,
                `Your booking moves from ${whenOf(booking)} to ${when} at ${slot.hospitalName}.`,
              )}
              isBusy={isBusy || isHere || left < places}
              onConfirm={() => move(at)}
            />
          );
        })}
      </div>
      <Refused problem={problem} />
    </li>
  );
};

/** Moves a booking to another day or time. */
const MovePage = ({ slotId, bookingId }: { slotId: string; bookingId: string }) => {
  const found = useUpdates<Booking>(bookingPath({ slotId, bookingId }));
  return (
    <Loaded of={found}>
      {(booking) => (
        <>
          <Heading>{say('일정 변경', 'Change the day')}</Heading>
          <ul class="rows">
            <RowLink
              to={`/app/screening/${slotId}/bookings/${bookingId}`}
              icon={CalendarCheck}
              title={whenOf(booking)}
              about={booking.hospitalName}
              aside={say('현재 예약', 'Now')}
            />
          </ul>
          {isChangeable(booking) ? (
            <SlotChoice hospital={booking.hospitalName}>
              {(slot) => <MoveTarget slot={slot} booking={booking} />}
            </SlotChoice>
          ) : (
            <p class="refused">{say('변경할 수 있는 예약이 아닙니다.', 'This booking cannot be moved.')}</p>
          )}
        </>
      )}
    </Loaded>
  );
};

/** Reads the customer's bookings; undefined as long as they are not known. */
export const useScreeningTickets = (customerId: string): Ticket[] | undefined =>
  ticketsOf(
    useUpdates<Page<Booking>>(`/screening/customers/${customerId}/bookings?sort=-bookedAt&limit=50`, {
      isKept: true,
      each: ({ items }) => items.filter(({ status }) => status === 'booked').map((one) => [bookingPath(one), one]),
    }),
    (one) => ({
      key: `screening ${one.slotId} ${one.bookingId}`,
      isOpen: one.status === 'booked',
      at: one.bookedAt,
      row: <BookingRow of={one} />,
    }),
  );

export const screeningPages: readonly AppPage[] = [
  ['/app/screening', () => <ScreeningPage />],
  ['/app/screening/{slotId}', ({ slotId, customerId }) => <SlotPage slotId={slotId!} customerId={customerId} />],
  [
    '/app/screening/{slotId}/bookings/{bookingId}',
    ({ slotId, bookingId }) => <BookingPage slotId={slotId!} bookingId={bookingId!} />,
  ],
  [
    '/app/screening/{slotId}/bookings/{bookingId}/move',
    ({ slotId, bookingId }) => <MovePage slotId={slotId!} bookingId={bookingId!} />,
  ],
];
