import { type AppPage, type Ticket, ticketsOf } from '../page.ts';
import { Heading, Loaded } from '../parts.tsx';
import { say } from '../words.ts';
import { BikePage, StationPage } from './bikes.tsx';
import { DepositPage, DepositRow } from './deposit.tsx';
import { RentalPage, RentalRow, useRentals } from './rentals.tsx';
import { StationRow, useStations } from './stations.tsx';

const BikesPage = ({ customerId }: { customerId: string }) => {
  const stations = useStations();
  const riding = useRentals(customerId).body?.items.filter(({ status }) => status === 'in-use') ?? [];
  return (
    <>
      <Heading>{say('자전거', 'Bikes')}</Heading>
      {riding.length > 0 && (
        <section class="mine">
          <h2>{say('이용 중', 'Yours')}</h2>
          <ul class="rows">
            {riding.map((rental) => (
              <RentalRow key={rental.rentalId} of={rental} />
            ))}
          </ul>
        </section>
      )}
      <DepositRow customerId={customerId} />
      <section>
        <h2>{say('대여소', 'Stations')}</h2>
        <Loaded of={stations}>
          {(items) =>
            items.length === 0 ? (
              <p class="dim">{say('대여소가 없습니다.', 'There is no station.')}</p>
            ) : (
              <ul class="rows">
                {items.map((station) => (
                  <StationRow key={station.location} of={station} />
                ))}
              </ul>
            )
          }
        </Loaded>
      </section>
    </>
  );
};

/** Reads the customer's rentals as tickets; undefined as long as they are not known. */
export const useBikeTickets = (customerId: string): Ticket[] | undefined =>
  ticketsOf(useRentals(customerId), (one) => ({
    key: `bike-rental ${one.bikeId} ${one.rentalId}`,
    isOpen: one.status === 'in-use',
    at: one.at,
    row: <RentalRow of={one} />,
  }));

export const bikePages: readonly AppPage[] = [
  ['/app/bike-rental', ({ customerId }) => <BikesPage customerId={customerId} />],
  ['/app/bike-rental/deposit', ({ customerId }) => <DepositPage customerId={customerId} />],
  ['/app/bike-rental/stations/{location}', ({ location }) => <StationPage location={location!} />],
  [
    '/app/bike-rental/bikes/{bikeId}',
    ({ bikeId, customerId }) => <BikePage bikeId={bikeId!} customerId={customerId} />,
  ],
  [
    '/app/bike-rental/bikes/{bikeId}/rentals/{rentalId}',
    ({ bikeId, rentalId }) => <RentalPage bikeId={bikeId!} rentalId={rentalId!} />,
  ],
];
