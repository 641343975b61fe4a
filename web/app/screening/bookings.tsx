import { CalendarCheck, Stethoscope } from 'lucide';
import type { Static } from 'typebox';
import type { queries } from '../../../schemas/screening.ts';
import { dayOf } from '../../common/days.ts';
import { formatStart } from '../../common/language.ts';
import { go, Link } from '../../common/router.tsx';
import { comingSessions } from '../../common/sessions.ts';
import { useUpdates } from '../../common/updates.ts';
import { TicketCode } from '../code.tsx';
import { Refused, useCommand } from '../command.tsx';
import { ConfirmButton, Fact, Heading, Loaded, RowLink, type Ticket } from '../parts.tsx';
import { say } from '../words.ts';
import { CancelUntil, people, type Slot, SlotChoice, whenOf } from './slots.tsx';

export type Booking = Static<typeof queries.booking.item>;

const statusWords = (status: Booking['status']): string =>
  ({
    booked: say('예약됨', 'Booked'),
    canceled: say('취소됨', 'Cancelled'),
    'force-canceled': say('병원 사정으로 취소됨', 'Cancelled by the hospital'),
    rescheduled: say('일정 변경됨', 'Moved'),
    attended: say('검진 완료', 'Attended'),
    missed: say('미방문', 'Missed'),
  })[status];

export const bookingPath = ({ slotId, bookingId }: Pick<Booking, 'slotId' | 'bookingId'>): string =>
  `/screening/slots/${slotId}/bookings/${bookingId}`;

export const ticketOf = (booking: Booking): Ticket => ({
  to: `/app/screening/${booking.slotId}/bookings/${booking.bookingId}`,
  icon: Stethoscope,
  title: booking.hospitalName,
  about: `${whenOf(booking)} · ${people(booking.places)}`,
  aside: statusWords(booking.status),
  isOpen: booking.status === 'booked',
  at: booking.bookedAt,
});

/** Whether the booking can be cancelled or moved: until the end of a day. */
const isChangeable = ({ status, cancelUntil }: Booking): boolean =>
  status === 'booked' && (cancelUntil === undefined || cancelUntil >= dayOf(new Date()));

export const BookingPage = ({ slotId, bookingId }: { slotId: string; bookingId: string }) => {
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
                {status === 'booked' && <CancelUntil day={cancelUntil} />}
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
                  <Link to={`/app/screening/${slotId}/bookings/${bookingId}/move`} class="button">
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
              {status !== 'booked' && (
                <Link to="/app/screening" class="button">
                  {say('다시 예약하기', 'Book again')}
                </Link>
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
    const done = await give('POST', path, { slotId: slot.slotId, at });
    if (done) go(`/app/screening/${slot.slotId}/bookings/${bookingId}`, { replace: true });
  };
  return (
    <li class="item target">
      <strong>{slot.hospitalName}</strong>
      <div class="chips">
        {comingSessions(slot).map(({ at, left }) => {
          const isHere = slot.slotId === from && at === current;
          const when = whenOf({ date: slot.date, at });
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
export const MovePage = ({ slotId, bookingId }: { slotId: string; bookingId: string }) => {
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
              {(slot) => <MoveTarget key={slot.slotId} slot={slot} booking={booking} />}
            </SlotChoice>
          ) : (
            <p class="refused">{say('변경할 수 있는 예약이 아닙니다.', 'This booking cannot be moved.')}</p>
          )}
        </>
      )}
    </Loaded>
  );
};
