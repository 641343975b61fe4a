import { type ComponentChildren, Fragment } from 'preact';
import type { Page } from '../../common/api.ts';
import { useUpdates } from '../../common/updates.ts';
import { Heading, Skeleton } from '../parts.tsx';
import { say } from '../words.ts';
import { type Lot, ParkingTicketRow, type Reservation } from './parking.tsx';

type Ticket = { key: string; isOpen: boolean; at: string; row: ComponentChildren };

/** Reads the customer's tickets of every service; undefined until the first are read. */
const useTickets = (customerId: string): Ticket[] | undefined => {
  const kept = { isKept: true };
  const parking = useUpdates<Page<Reservation>>(
    `/parking/reservations?customerId=${customerId}&sort=-reservedAt&limit=50`,
    kept,
  );
  const lots = useUpdates<Page<Lot>>('/parking/lots?limit=200', { every: 60_000, isKept: true });
  const nameOf = (id: string) => lots.body?.items.find(({ lotId }) => lotId === id)?.name;
  const all = [parking];
  if (all.every(({ body, problem }) => !body && !problem)) return undefined;
  return [
    ...(parking.body?.items ?? []).map((one) => ({
      key: `parking ${one.lotId} ${one.reservationId}`,
      isOpen: one.status === 'reserved' || one.status === 'arrived',
      at: one.reservedAt,
      row: <ParkingTicketRow of={one} name={nameOf(one.lotId)} />,
    })),
  ].sort((a, b) => (a.at < b.at ? 1 : -1));
};

const Rows = ({ of }: { of: readonly Ticket[] }) => (
  <ul class="rows">
    {of.map(({ key, row }) => (
      <Fragment key={key}>{row}</Fragment>
    ))}
  </ul>
);

/** Shows the current reservations of the customer. */
export const ActiveTickets = ({ customerId }: { customerId: string }) => {
  const open = useTickets(customerId)?.filter(({ isOpen }) => isOpen) ?? [];
  if (open.length === 0) return null;
  return (
    <section class="service mine">
      <header>
        <h2>{say('이용 중', 'Yours')}</h2>
      </header>
      <Rows of={open.slice(0, 3)} />
    </section>
  );
};

/** The customer's current and past tickets. */
export const TicketsPage = ({ customerId }: { customerId: string }) => {
  const tickets = useTickets(customerId);
  const open = tickets?.filter(({ isOpen }) => isOpen) ?? [];
  const past = tickets?.filter(({ isOpen }) => !isOpen) ?? [];
  return (
    <>
      <Heading>{say('이용 내역', 'Tickets')}</Heading>
      {!tickets && <Skeleton />}
      {tickets && open.length === 0 && (
        <p class="dim">{say('이용 중인 예약이 없습니다.', 'You have no open reservation.')}</p>
      )}
      <Rows of={open} />
      {past.length > 0 && (
        <>
          <h2>{say('지난 이용', 'Past')}</h2>
          <Rows of={past} />
        </>
      )}
    </>
  );
};
