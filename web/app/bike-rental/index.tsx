import { arranged } from '../lists.ts';
import { page } from '../page.ts';
import { Heading, Rows, TicketRows } from '../parts.tsx';
import { EVERY, Service } from '../service.tsx';
import { say } from '../words.ts';
import { BikePage, StationPage } from './bikes.tsx';
import { DepositPage, DepositRow } from './deposit.tsx';
import { RentalPage, useBikeTickets } from './rentals.tsx';
import { StationRow, useStations } from './stations.tsx';

/** The stations with bikes to rent, on the home page. */
export const Bikes = () => (
  <Service
    title={say('자전거', 'Bikes')}
    to="/app/bike-rental"
    of={arranged(useStations(EVERY), (stations) => stations.filter(({ available }) => available > 0))}
  >
    {(station) => <StationRow key={station.location} of={station} />}
  </Service>
);

const BikesPage = ({ customerId }: { customerId: string }) => {
  const riding = useBikeTickets(customerId)?.filter(({ isOpen }) => isOpen) ?? [];
  return (
    <>
      <Heading>{say('자전거', 'Bikes')}</Heading>
      {riding.length > 0 && (
        <section class="mine">
          <h2>{say('이용 중', 'Yours')}</h2>
          <TicketRows of={riding} />
        </section>
      )}
      <DepositRow customerId={customerId} />
      <section>
        <h2>{say('대여소', 'Stations')}</h2>
        <Rows of={useStations()} none={say('대여소가 없습니다.', 'There is no station.')}>
          {(station) => <StationRow key={station.location} of={station} />}
        </Rows>
      </section>
    </>
  );
};

export const bikePages = [
  page('/app/bike-rental', BikesPage),
  page('/app/bike-rental/deposit', DepositPage),
  page('/app/bike-rental/stations/{location}', StationPage),
  page('/app/bike-rental/bikes/{bikeId}', BikePage),
  page('/app/bike-rental/bikes/{bikeId}/rentals/{rentalId}', RentalPage),
];
