import type { Page } from '../../common/api.ts';
import { useUpdates } from '../../common/updates.ts';
import { StationRow, useStationsWithBikes } from '../bike-rental/stations.tsx';
import { Cinema } from '../cinema/index.tsx';
import { FoodCourt } from '../food-court/index.tsx';
import { type Lot, LotRow } from '../parking/index.tsx';
import { Heading } from '../parts.tsx';
import { type Slot, SlotRow } from '../screening/slots.tsx';
import { EVERY, itemsOf, Service } from '../service.tsx';
import { say } from '../words.ts';
import { ActiveTickets } from './tickets.tsx';

const Parking = () => {
  const lots = itemsOf(useUpdates<Page<Lot>>('/parking/lots?status=open&sort=-free&limit=3', { every: EVERY }));
  return (
    <Service title={say('주차', 'Parking')} to="/app/parking" of={lots}>
      {(items) => items.map((lot) => <LotRow key={lot.lotId} lot={lot} />)}
    </Service>
  );
};

const Screening = () => {
  const slots = itemsOf(useUpdates<Page<Slot>>('/screening/slots?status=open&sort=date&limit=50', { every: EVERY }));
  const free = slots.body?.filter(({ left }) => left > 0);
  return (
    <Service
      title={say('건강검진', 'Health screening')}
      to="/app/screening"
      of={free ? { ...slots, body: free } : slots}
    >
      {(items) => items.map((slot) => <SlotRow key={slot.slotId} slot={slot} isDated />)}
    </Service>
  );
};

const Bikes = () => (
  <Service title={say('자전거', 'Bikes')} to="/app/bike-rental" of={useStationsWithBikes(EVERY)}>
    {(items) => items.map((station) => <StationRow key={station.location} of={station} />)}
  </Service>
);

/** Shows what is open and available now. */
export const HomePage = ({ customerId }: { customerId: string }) => (
  <>
    <Heading>{say('지금 이용할 수 있어요', 'Available now')}</Heading>
    <ActiveTickets customerId={customerId} />
    <Parking />
    <Cinema />
    <FoodCourt />
    <Screening />
    <Bikes />
  </>
);
