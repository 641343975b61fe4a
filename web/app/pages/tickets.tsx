import { Ticket as TicketIcon } from 'lucide';
import { Icon } from '../../common/icon.tsx';
import { Link } from '../../common/router.tsx';
import { useStore } from '../../common/store.ts';
import { hearing } from '../../common/updates.ts';
import { useBikeTickets } from '../bike-rental/rentals.tsx';
import { useCinemaTickets } from '../cinema/tickets.tsx';
import { useOrders } from '../food-court/orders.tsx';
import { useParkingTickets } from '../parking/index.tsx';
import { Heading, Skeleton, type Ticket, TicketRows } from '../parts.tsx';
import { useScreeningTickets } from '../screening/index.tsx';
import { say } from '../words.ts';

/** Reads the customer's tickets of every service, the latest first. @returns also whether all are known */
const useTickets = (customerId: string): { tickets: Ticket[]; isWhole: boolean } => {
  const all = [
    useParkingTickets(customerId),
    useCinemaTickets(customerId),
    useOrders(customerId),
    useScreeningTickets(customerId),
    useBikeTickets(customerId),
  ];
  return {
    tickets: all.flatMap((tickets) => tickets ?? []).sort((a, b) => (a.at < b.at ? 1 : -1)),
    isWhole: all.every((tickets) => tickets !== undefined),
  };
};

/** Shows the current reservations of the customer. */
export const ActiveTickets = ({ customerId }: { customerId: string }) => {
  const open = useTickets(customerId).tickets.filter(({ isOpen }) => isOpen);
  if (open.length === 0) return null;
  return (
    <section class="service mine">
      <header>
        <h2>{say('이용 중', 'Yours')}</h2>
        <Link to="/app/tickets">{say(`전체 ${open.length}`, `All ${open.length}`)}</Link>
      </header>
      <TicketRows of={open.slice(0, 3)} />
    </section>
  );
};

/** The customer's current and past tickets. */
export const TicketsPage = ({ customerId }: { customerId: string }) => {
  const { tickets, isWhole } = useTickets(customerId);
  const { isHeard } = useStore(hearing);
  const open = tickets.filter(({ isOpen }) => isOpen);
  const past = tickets.filter(({ isOpen }) => !isOpen);
  return (
    <>
      <Heading>{say('이용 내역', 'Tickets')}</Heading>
      {!isWhole && isHeard && <Skeleton rows={1} />}
      {isWhole && open.length === 0 && (
        <div class="empty">
          <Icon of={TicketIcon} size={40} />
          <p>{say('이용 중인 예약이 없습니다.', 'You have no open reservation.')}</p>
          <Link to="/app" class="button">
            {say('예약하러 가기', 'See what is available')}
          </Link>
        </div>
      )}
      <TicketRows of={open} />
      {past.length > 0 && (
        <>
          <h2>{say('지난 이용', 'Past')}</h2>
          <TicketRows of={past} />
        </>
      )}
    </>
  );
};
