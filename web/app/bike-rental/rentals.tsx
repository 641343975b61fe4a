import { Bike as BikeIcon } from 'lucide';
import { useState } from 'preact/hooks';
import type { Static } from 'typebox';
import type { queries } from '../../../schemas/bike-rental.ts';
import { feeOf, startedMinutes } from '../../../schemas/bike-rental-fee.ts';
import { formatDuration, formatMoney, formatNumber, formatStart } from '../../common/language.ts';
import { Link } from '../../common/router.tsx';
import { useNow } from '../../common/store.ts';
import { useUpdates } from '../../common/updates.ts';
import { Refused, useCommand } from '../command.tsx';
import { useTicketsOf } from '../page.ts';
import { Choice, Fact, Heading, Loaded, type Ticket } from '../parts.tsx';
import { say } from '../words.ts';
import { Debt } from './deposit.tsx';
import { useStations } from './stations.tsx';

type Rental = Static<typeof queries.rental.item>;
type UserRental = Static<typeof queries.userRentals.item>;

const rentalPath = ({ bikeId, rentalId }: Pick<UserRental, 'bikeId' | 'rentalId'>): string =>
  `/bike-rental/bikes/${bikeId}/rentals/${rentalId}`;

const stateOf = ({ status, bill }: UserRental): string => {
  if (status === 'in-use') return say('이용 중', 'Riding');
  return bill?.fee === undefined ? say('반납 완료', 'Returned') : formatMoney(bill.fee);
};

/** Reads the customer's rentals as tickets, the latest first; undefined as long as they are not known. */
export const useBikeTickets = (customerId: string): Ticket[] | undefined => {
  const path = `/bike-rental/users/${customerId}/rentals?kind=rental&sort=-at&limit=50`;
  return useTicketsOf<UserRental>(path, rentalPath, (one) => ({
    to: `/app${rentalPath(one)}`,
    icon: BikeIcon,
    title: one.from ?? one.bikeId,
    about: `${one.bikeId} · ${formatStart(one.at)}`,
    aside: stateOf(one),
    isOpen: one.status === 'in-use',
    at: one.at,
  }));
};

/** The time and the cost of a rental that runs, by this device's clock. */
const Running = ({ rental: { rentedAt, bill } }: { rental: Rental }) => {
  const now = useNow(1000);
  const seconds = Math.max(0, Math.floor((now - Date.parse(rentedAt)) / 1000));
  const minutes = startedMinutes(rentedAt, new Date(now).toISOString());
  return (
    <p class="running">
      <span class="dim">{say('지금 반납하면', 'If you return it now')}</span>
      <strong class="plate">{bill ? formatMoney(feeOf(bill.tariff, minutes)) : say('계산 중', 'one moment')}</strong>
      <span role="timer">{formatDuration(seconds)}</span>
    </p>
  );
};

const ReturnForm = ({ rental }: { rental: Rental }) => {
  const stations = useStations(60_000).body ?? [];
  const [location, setLocation] = useState(rental.from);
  const { give, isBusy, problem } = useCommand();
  const names = [...new Set([rental.from, ...stations.map((station) => station.location)])];
  return (
    <form
      class="card"
      onSubmit={(event) => {
        event.preventDefault();
        void give('POST', `${rentalPath(rental)}/return`, { location });
      }}
    >
      <Choice
        label={say('반납할 대여소', 'Return it at')}
        value={location}
        options={names.map((name) => [name, name])}
        onChoose={setLocation}
      />
      <Refused problem={problem} />
      <button type="submit" class="main" disabled={isBusy}>
        {say('반납하기', 'Return the bike')}
      </button>
    </form>
  );
};

export const RentalPage = ({ bikeId, rentalId }: { bikeId: string; rentalId: string }) => {
  const found = useUpdates<Rental>(rentalPath({ bikeId, rentalId }), { every: 3000, isKept: true });
  return (
    <Loaded of={found}>
      {(rental) => {
        const { status, from, to, rentedAt, returnedAt, bill } = rental;
        const { fee, minutes, paid } = bill ?? {};
        const owed = fee === undefined || paid === undefined ? 0 : fee - paid;
        return (
          <>
            <Heading>{say(`자전거 ${bikeId}`, `Bike ${bikeId}`)}</Heading>
            <article class={`ticket ${status === 'returned' ? 'completed' : status}`}>
              <p class="state">{status === 'in-use' ? say('이용 중', 'Riding') : say('반납 완료', 'Returned')}</p>
              {status === 'in-use' && <Running rental={rental} />}
              {status === 'returned' && (
                <p class="plate">{fee === undefined ? say('요금 계산 중', 'The fee is counted') : formatMoney(fee)}</p>
              )}
              <dl class="facts">
                <Fact label={say('빌린 곳', 'From')}>{from}</Fact>
                <Fact label={say('반납한 곳', 'To')}>{to}</Fact>
                <Fact label={say('대여', 'Rented')}>{formatStart(rentedAt)}</Fact>
                <Fact label={say('반납', 'Returned')}>{returnedAt && formatStart(returnedAt)}</Fact>
                <Fact label={say('이용 시간', 'Time')}>
                  {minutes !== undefined && say(`${formatNumber(minutes)}분`, `${minutes} min`)}
                </Fact>
                <Fact label={say('예치금에서 결제', 'Paid by deposit')}>{paid !== undefined && formatMoney(paid)}</Fact>
                <Fact label={say('미납', 'You owe')}>{owed > 0 && formatMoney(owed)}</Fact>
              </dl>
            </article>
            {status === 'in-use' && <ReturnForm rental={rental} />}
            {owed > 0 && <Debt outstanding={owed} />}
            {status === 'returned' && owed === 0 && (
              <Link to="/app/bike-rental" class="button">
                {say('다시 대여하기', 'Rent again')}
              </Link>
            )}
          </>
        );
      }}
    </Loaded>
  );
};
