import { useState } from 'preact/hooks';
import type { Static } from 'typebox';
import type { queries } from '../../../schemas/screening.ts';
import { Countdown } from '../../common/countdown.tsx';
import { formatDay, formatNumber } from '../../common/language.ts';
import { go, Link } from '../../common/router.tsx';
import { comingSessions, placesLeft } from '../../common/sessions.ts';
import { readAgain, useUpdates } from '../../common/updates.ts';
import { Refused, useCommand } from '../command.tsx';
import { useList } from '../lists.ts';
import { Choice, Fact, Heading, Loaded, TicketRows } from '../parts.tsx';
import { useEntries, Waiting } from '../waiting.tsx';
import { say } from '../words.ts';
import { type Booking, ticketOf } from './bookings.tsx';
import { CancelUntil, people, type Slot, whenOf } from './slots.tsx';

type Hold = Static<typeof queries.hold.item>;

/** The most people of one booking. */
const MOST = 10;

/** Books the places that a hold or an offer keeps. */
const BookButton = ({ slotId, body, words }: { slotId: string; body: object; words: string }) => {
  const { give, isBusy, problem } = useCommand();
  const book = async () => {
    const done = await give('POST', `/screening/slots/${slotId}/bookings`, body);
    if (done) go(`/app/screening/${slotId}/bookings/${String(done.body.bookingId)}`, { replace: true });
  };
  return (
    <>
      <Refused problem={problem} />
      <button type="button" class="main" disabled={isBusy} onClick={book}>
        {words}
      </button>
    </>
  );
};

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
        <Fact label={say('일시', 'When')}>{whenOf({ date, at })}</Fact>
        <Fact label={say('인원', 'People')}>{people(places)}</Fact>
      </dl>
      <p>
        {say('자리를 잡아 두는 시간', 'Kept for you')} <Countdown until={expiresAt} onEnd={readAgain} />
      </p>
      <BookButton
        slotId={slotId}
        body={{ customerId, places, holdId, at }}
        words={say('예약 확정', 'Confirm the booking')}
      />
      <Refused problem={problem} />
      <button
        type="button"
        disabled={isBusy}
        onClick={() => give('DELETE', `/screening/slots/${slotId}/holds/${holdId}`)}
      >
        {say('다시 고르기', 'Choose again')}
      </button>
    </section>
  );
};

/** Holds places, which the customer then books; on a full session, the way into its waiting list. */
const PlacesForm = ({ slot, customerId }: { slot: Slot; customerId: string }) => {
  const { slotId } = slot;
  const sessions = comingSessions(slot);
  const [chosen, setChosen] = useState<string>();
  const [places, setPlaces] = useState(1);
  const entries = useEntries('screening', 'slotId', slotId, customerId);
  const session =
    sessions.find(({ at }) => at !== undefined && at === (chosen ?? entries[0]?.at)) ??
    sessions.find(({ left }) => left > 0) ??
    sessions[0];
  const { give, isBusy, problem } = useCommand();
  if (!session) return <p class="refused">{say('오늘 예약은 끝났습니다.', 'Booking has ended for today.')}</p>;
  const { at } = session;
  const entry = entries.find((one) => one.at === at);
  const hold = (event: SubmitEvent) => {
    event.preventDefault();
    void give('POST', `/screening/slots/${slotId}/holds`, { customerId, places, at });
  };
  return (
    <>
      {slot.sessions && (
        <fieldset class="chips times">
          <legend>{say('시간', 'Time')}</legend>
          {sessions.map(({ at: time, left }) => (
            <button key={time} type="button" aria-pressed={time === at} onClick={() => setChosen(time)}>
              {time} <small>{left > 0 ? left : say('마감', 'full')}</small>
            </button>
          ))}
        </fieldset>
      )}
      {!entry && (
        <form class="card" onSubmit={hold}>
          <Choice
            label={say('인원', 'People')}
            value={places}
            options={Array.from({ length: MOST }, (_, index) => [index + 1, people(index + 1)])}
            onChoose={setPlaces}
          />
          {session.left >= places && (
            <>
              <Refused problem={problem} />
              <button type="submit" class="main" disabled={isBusy}>
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
          about={{ at }}
          offered={
            entry && (
              <BookButton
                slotId={slotId}
                body={{ customerId, places: entry.places, entryId: entry.entryId, at }}
                words={say('이 자리 예약하기', 'Take this place')}
              />
            )
          }
        />
      )}
    </>
  );
};

/** A slot: the customer's booking or hold, or a form for a new one. */
export const SlotPage = ({ slotId, customerId }: { slotId: string; customerId: string }) => {
  const path = `/screening/slots/${slotId}`;
  const often = { every: 3000 };
  const found = useUpdates<Slot>(path, often);
  const { body: bookings } = useList<Booking>(
    `/screening/bookings?slotId=${slotId}&customerId=${customerId}&status=booked&limit=1`,
    often,
  );
  const { body: holds } = useList<Hold>(
    `${path}/holds?customerId=${customerId}&status=held&sort=-expiresAt&limit=1`,
    often,
  );
  const hold = holds?.find(({ expiresAt }) => Date.parse(expiresAt) > Date.now());
  const booking = bookings?.[0];
  return (
    <Loaded of={found}>
      {(slot) => (
        <>
          <Heading>{slot.hospitalName}</Heading>
          <dl class="facts card">
            <Fact label={say('날짜', 'Day')}>{formatDay(slot.date)}</Fact>
            <Fact label={say('남은 자리', 'Places left')}>
              {say(
                `${formatNumber(placesLeft(slot))} / ${formatNumber(slot.capacity)}자리`,
                `${formatNumber(placesLeft(slot))} of ${formatNumber(slot.capacity)}`,
              )}
            </Fact>
            <CancelUntil day={slot.cancelUntil} />
          </dl>
          {slot.status === 'deleted' && <p class="refused">{say('취소된 일정입니다.', 'This day was cancelled.')}</p>}
          {slot.status === 'ended' && <p class="refused">{say('끝난 일정입니다.', 'This day has ended.')}</p>}
          {slot.status !== 'open' && (
            <Link to="/app/screening" class="button">
              {say('다른 날 찾기', 'Choose another day')}
            </Link>
          )}
          {booking && (
            <section>
              <h2>{say('내 예약', 'Your booking')}</h2>
              <TicketRows of={[ticketOf(booking)]} />
            </section>
          )}
          {slot.status === 'open' && !booking && hold && <HeldPlaces slot={slot} hold={hold} />}
          {slot.status === 'open' && !booking && !hold && bookings && holds && (
            <PlacesForm slot={slot} customerId={customerId} />
          )}
        </>
      )}
    </Loaded>
  );
};
