import type { Page } from '../../common/api.ts';
import { useUpdates } from '../../common/updates.ts';
import { Heading } from '../parts.tsx';
import { EVERY, itemsOf, Service } from '../service.tsx';
import { say } from '../words.ts';
import { type Lot, LotRow } from './parking.tsx';
import { ActiveTickets } from './tickets.tsx';

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
