import type { ComponentChildren } from 'preact';
import type { Page } from '../../common/api.ts';
import { Link } from '../../common/router.tsx';
import { type Update, useUpdates } from '../../common/updates.ts';
import { Heading, Skeleton } from '../parts.tsx';
import { say } from '../words.ts';
import { type Lot, LotRow } from './parking.tsx';
import { ActiveTickets } from './tickets.tsx';

/** Milliseconds between two reads of the home page's lists. */
const EVERY = 10_000;
/** Rows of each service. */
const ROWS = 3;

/** A service's rows on the home page; nothing where Plaza runs without the service, or has nothing to offer. */
const Service = <Item,>({
  title,
  to,
  of,
  children,
}: {
  title: string;
  to: string;
  of: Update<readonly Item[]>;
  children: (items: readonly Item[]) => ComponentChildren;
}) => {
  const { body, problem } = of;
  if (problem?.status === 404 || body?.length === 0) return null;
  return (
    <section class="service">
      <header>
        <h2>{title}</h2>
        <Link to={to}>
          {say('전체', 'All')}
          <span class="unseen"> {title}</span>
        </Link>
      </header>
      {body ? <ul class="rows">{children(body.slice(0, ROWS))}</ul> : <Skeleton rows={2} />}
    </section>
  );
};

/** Returns the items of a list that was read. */
const itemsOf = <Item,>({ body, ...rest }: Update<Page<Item>>): Update<readonly Item[]> =>
  body ? { ...rest, body: body.items } : rest;

const Parking = () => {
  const lots = itemsOf(useUpdates<Page<Lot>>('/parking/lots?status=open&sort=-free&limit=3', { every: EVERY }));
  return (
    <Service title={say('주차', 'Parking')} to="/app/parking" of={lots}>
      {(items) => items.map((lot) => <LotRow key={lot.lotId} lot={lot} />)}
    </Service>
  );
};

/** Shows the lots that are open, with their free spots. */
export const HomePage = ({ customerId }: { customerId: string }) => (
  <>
    <Heading>{say('지금 이용할 수 있어요', 'Available now')}</Heading>
    <ActiveTickets customerId={customerId} />
    <Parking />
  </>
);
