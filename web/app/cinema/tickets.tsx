import { Clapperboard } from 'lucide';
import type { Static } from 'typebox';
import type { queries } from '../../../schemas/cinema.ts';
import { dayOf } from '../../common/days.ts';
import { formatDay, formatMinute, formatMoney, formatStart } from '../../common/language.ts';
import { Link } from '../../common/router.tsx';
import { useUpdates } from '../../common/updates.ts';
import { TicketCode } from '../code.tsx';
import { Refused, useCommand } from '../command.tsx';
import { useTicketsOf } from '../page.ts';
import { ConfirmButton, Fact, Heading, Loaded, type Ticket } from '../parts.tsx';
import { say } from '../words.ts';
import { hallName } from './movies.tsx';

type Reservation = Static<typeof queries.reservation.item>;
type Showing = Static<typeof queries.showing.item>;

/** Milliseconds after its start for which a showing's ticket is shown first. */
const RUNNING = 3 * 3_600_000;

const statusWords = ({ status, payment, price }: Reservation): string => {
  if (status === 'held') return say('결제 확인 중', 'Payment pending');
  if (status === 'confirmed') return say('예매 완료', 'Confirmed');
  if (status === 'refused') return say('결제 실패', 'Not paid');
  if (price === 0) return say('취소됨', 'Cancelled');
  return payment === 'refunded' ? say('취소·환불 완료', 'Refunded') : say('취소됨 · 환불 중', 'Cancelled');
};

const seatsOf = ({ seat, seats }: Reservation): string =>
  (seats ?? (seat === undefined ? [] : [`${seat}`])).join(', ') || say('자유석', 'Any seat');

const pathOf = ({ showingId, reservationId }: Pick<Reservation, 'showingId' | 'reservationId'>): string =>
  `/cinema/showings/${showingId}/reservations/${reservationId}`;

const isOpen = ({ status, startsAt, heldAt }: Reservation): boolean =>
  status === 'held' || (status === 'confirmed' && Date.parse(startsAt ?? heldAt) > Date.now() - RUNNING);

/** Reads the customer's reservations; undefined as long as they are not known. */
export const useCinemaTickets = (customerId: string): Ticket[] | undefined =>
  useTicketsOf<Reservation>(`/cinema/customers/${customerId}/reservations?sort=-heldAt&limit=50`, pathOf, (one) => ({
    to: `/app${pathOf(one)}`,
    icon: Clapperboard,
    title: one.title,
    about: `${one.startsAt === undefined ? '' : `${formatStart(one.startsAt)} · `}${seatsOf(one)}`,
    aside: statusWords(one),
    isOpen: isOpen(one),
    at: one.heldAt,
  }));

export const CinemaTicketPage = ({ showingId, reservationId }: { showingId: string; reservationId: string }) => {
  const path = pathOf({ showingId, reservationId });
  const found = useUpdates<Reservation>(path, { every: 3000, isKept: true });
  const { body: showing } = useUpdates<Showing>(`/cinema/showings/${showingId}`, { every: 60_000, isKept: true });
  const { give, isBusy, problem } = useCommand();
  return (
    <Loaded of={found}>
      {(reservation) => {
        const { status, title, startsAt, hallId, price, movieId } = reservation;
        const isToCome = startsAt === undefined || Date.parse(startsAt) > Date.now();
        const minutes = showing?.cancelUntil;
        return (
          <>
            <Heading>{title}</Heading>
            <article class={`ticket cinema ${status}`}>
              <p class="state" aria-live="polite">
                {statusWords(reservation)}
              </p>
              {startsAt !== undefined && (
                <p class="plate">{`${formatDay(dayOf(new Date(startsAt)))} ${formatMinute(startsAt)}`}</p>
              )}
              <dl class="places">
                <Fact label={say('상영관', 'Hall')}>{hallId && hallName(hallId)}</Fact>
                <Fact label={say('좌석', 'Seats')}>{seatsOf(reservation)}</Fact>
              </dl>
              {status === 'held' && (
                <p aria-busy="true">
                  {say(
                    '결제 결과를 확인하고 있습니다. 좌석은 그동안 잡아 두며, 결과는 이 화면과 메시지로 알려 드립니다. 다시 결제하지 마세요.',
                    'The payment is being checked, and the seats are kept meanwhile. This page and a message will tell the outcome. Do not pay again.',
                  )}
                </p>
              )}
              {status === 'refused' && (
                <p class="refused">
                  {say(
                    '결제되지 않아 좌석이 풀렸습니다. 청구된 금액이 있으면 모두 환불됩니다.',
                    'The payment failed, and the seats are free again. What was charged goes back to you.',
                  )}
                </p>
              )}
              {status === 'confirmed' && (
                <>
                  <TicketCode path={path} label={say('입장 QR 코드', 'Ticket as a QR code')} />
                  <p class="dim scan">{say('입장할 때 보여 주세요.', 'Show it at the entrance.')}</p>
                </>
              )}
              <dl class="facts">
                <Fact label={status === 'confirmed' ? say('결제 금액', 'Paid') : say('금액', 'Amount')}>
                  {formatMoney(price)}
                </Fact>
                <Fact label={say('예매', 'Reserved')}>{formatStart(reservation.heldAt)}</Fact>
              </dl>
            </article>
            <Refused problem={problem} />
            <div class="actions">
              {status === 'confirmed' && isToCome && (
                <>
                  {minutes !== undefined && (
                    <p class="dim">
                      {price > 0
                        ? say(
                            `상영 ${minutes}분 전까지 취소하면 전액 환불됩니다.`,
                            `Refunded in full until ${minutes} minutes before it begins.`,
                          )
                        : say(
                            `상영 ${minutes}분 전까지 취소할 수 있습니다.`,
                            `It can be cancelled until ${minutes} minutes before it begins.`,
                          )}
                    </p>
                  )}
                  <ConfirmButton
                    words={say('예매 취소', 'Cancel the reservation')}
                    effect={
                      price > 0
                        ? say(
                            `${formatMoney(price)}을 모두 환불받고, 좌석은 바로 풀립니다.`,
                            `${formatMoney(price)} is refunded in full, and the seats are free at once.`,
                          )
                        : say('좌석이 바로 풀립니다.', 'The seats are free at once.')
                    }
                    isBusy={isBusy}
                    onConfirm={() => give('DELETE', path)}
                  />
                </>
              )}
              {status !== 'confirmed' && status !== 'held' && (
                <Link to={`/app/cinema/${movieId}`} class="button">
                  {say('다시 예매하기', 'Reserve again')}
                </Link>
              )}
            </div>
          </>
        );
      }}
    </Loaded>
  );
};
