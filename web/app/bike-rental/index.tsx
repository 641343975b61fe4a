import { BatteryLow, BatteryMedium, Bike as BikeIcon, MapPin, Wallet } from 'lucide';
import { useState } from 'preact/hooks';
import type { Static } from 'typebox';
import type { queries } from '../../../schemas/bike-rental.ts';
import { feeOf, startedMinutes } from '../../../schemas/bike-rental-fee.ts';
import type { Page } from '../../common/api.ts';
import { Icon } from '../../common/icon.tsx';
import { formatDuration, formatMoney, formatNumber, formatShare, formatStart } from '../../common/language.ts';
import { go, Link } from '../../common/router.tsx';
import { useNow } from '../../common/store.ts';
import { useUpdates } from '../../common/updates.ts';
import { Refused, useCommand } from '../command.tsx';
import { useLongList } from '../lists.ts';
import { type AppPage, type Ticket, ticketsOf } from '../page.ts';
import { Fact, Heading, Loaded, RowLink } from '../parts.tsx';
import { type Paid, Payment } from '../payment.tsx';
import { say } from '../words.ts';

type Bike = Static<typeof queries.bike.item>;
type Rental = Static<typeof queries.rental.item>;
type UserRental = Static<typeof queries.userRentals.item>;
type Deposit = Static<typeof queries.deposit.item>;
type Movement = Static<typeof queries.movements.item>;
type TariffSetting = Static<typeof queries.tariff.item>;

/** Percent of the battery below which a bike is shown as low. */
const LOW = 20;

type Station = { location: string; available: number };

/** Reads the stations, those with bikes to rent first; undefined until they are read. */
const useStations = (every = 5000) => {
  const { items, problem } = useLongList<Bike>('/bike-rental/bikes?sort=location', every);
  const stations = new Map<string, number>();
  for (const { location, status } of items ?? [])
    if (status !== 'retired') stations.set(location, (stations.get(location) ?? 0) + (status === 'available' ? 1 : 0));
  const body: Station[] = [...stations]
    .map(([location, available]) => ({ location, available }))
    .sort((a, b) => b.available - a.available || a.location.localeCompare(b.location, 'ko'));
  return { ...(items ? { body } : {}), ...(problem ? { problem } : {}) };
};

/** The stations for the home page. */
export const useStationsWithBikes = (every: number) => {
  const { body, ...rest } = useStations(every);
  return body ? { ...rest, body: body.filter(({ available }) => available > 0) } : rest;
};

export const StationRow = ({ of: { location, available } }: { of: Station }) => (
  <RowLink
    to={`/app/bike-rental/stations/${encodeURIComponent(location)}`}
    icon={MapPin}
    title={location}
    aside={
      available > 0 ? (
        <span class="good">
          {say(`${formatNumber(available)}대`, available === 1 ? '1 bike' : `${formatNumber(available)} bikes`)}
        </span>
      ) : (
        <span class="bad">{say('없음', 'None')}</span>
      )
    }
  />
);

/** Reads what the customer has paid in and owes; a customer who never paid has nothing. */
const useDeposit = (customerId: string): Pick<Deposit, 'balance' | 'outstanding'> | undefined => {
  const { body, problem } = useUpdates<Deposit>(`/bike-rental/users/${customerId}/deposit`, { every: 3000 });
  return body ?? (problem?.status === 404 ? { balance: 0, outstanding: 0 } : undefined);
};

const DEPOSIT = '/app/bike-rental/deposit';

/** What the customer owes, and the way to pay it. */
const Debt = ({ outstanding }: { outstanding: number }) => (
  <div class="refused debt" role="status">
    <p>
      {say(
        `미납 요금 ${formatMoney(outstanding)}이 있어 새로 대여할 수 없습니다.`,
        `You owe ${formatMoney(outstanding)}. Pay it before you rent again.`,
      )}
    </p>
    <Link to={DEPOSIT} class="button">
      {say('미납 요금 내기', 'Pay it now')}
    </Link>
  </div>
);

const DepositRow = ({ customerId }: { customerId: string }) => {
  const deposit = useDeposit(customerId);
  if (!deposit) return null;
  return (
    <>
      {deposit.outstanding > 0 && <Debt outstanding={deposit.outstanding} />}
      <ul class="rows">
        <RowLink
          to={DEPOSIT}
          icon={Wallet}
          title={say('예치금', 'Deposit')}
          about={say('충전과 이용 내역', 'Top up, and what you paid')}
          aside={formatMoney(deposit.balance)}
        />
      </ul>
    </>
  );
};

const rentalPath = ({ bikeId, rentalId }: Pick<UserRental, 'bikeId' | 'rentalId'>): string =>
  `/bike-rental/bikes/${bikeId}/rentals/${rentalId}`;

/** Reads the rentals of a customer, the latest first. */
const useRentals = (customerId: string) =>
  useUpdates<Page<UserRental>>(`/bike-rental/users/${customerId}/rentals?kind=rental&sort=-at&limit=50`, {
    isKept: true,
    each: ({ items }) => items.filter(({ status }) => status === 'in-use').map((one) => [rentalPath(one), one]),
  });

const RentalRow = ({ of }: { of: UserRental }) => (
  <RowLink
    to={`/app${rentalPath(of)}`}
    icon={BikeIcon}
    title={of.from ?? of.bikeId}
    about={`${of.bikeId} · ${formatStart(of.at)}`}
    aside={
      of.status === 'in-use'
        ? say('이용 중', 'Riding')
        : of.bill?.fee === undefined
          ? say('반납 완료', 'Returned')
          : formatMoney(of.bill.fee)
    }
  />
);

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

const Battery = ({ level }: { level: number | undefined }) =>
  level === undefined ? null : (
    <span class={level < LOW ? 'battery bad' : 'battery'}>
      <Icon of={level < LOW ? BatteryLow : BatteryMedium} size={18} />
      <span class="unseen">{say('배터리', 'Battery')}</span> {formatShare(level / 100)}
    </span>
  );

const StationPage = ({ location }: { location: string }) => {
  const bikes = useUpdates<Page<Bike>>(
    `/bike-rental/bikes?status=available&location=${encodeURIComponent(location)}&limit=200`,
  );
  return (
    <>
      <Heading>{location}</Heading>
      <Loaded of={bikes}>
        {({ items }) =>
          items.length === 0 ? (
            <p class="dim">{say('지금 빌릴 수 있는 자전거가 없습니다.', 'No bike can be rented here now.')}</p>
          ) : (
            <ul class="rows">
              {items
                .toSorted((a, b) => (b.batteryLevel ?? 0) - (a.batteryLevel ?? 0))
                .map(({ bikeId, batteryLevel }) => (
                  <RowLink
                    key={bikeId}
                    to={`/app/bike-rental/bikes/${bikeId}`}
                    icon={BikeIcon}
                    title={bikeId}
                    aside={<Battery level={batteryLevel} />}
                  />
                ))}
            </ul>
          )
        }
      </Loaded>
    </>
  );
};

const statusOfBike = (status: Bike['status']): string =>
  ({
    available: say('대여 가능', 'Available'),
    'in-use': say('다른 분이 이용 중입니다.', 'Somebody rides it.'),
    'out-of-service': say('점검 중입니다.', 'It is out of service.'),
    retired: say('더 이상 운영하지 않는 자전거입니다.', 'It is no longer in use.'),
  })[status];

const BikePage = ({ bikeId, customerId }: { bikeId: string; customerId: string }) => {
  const found = useUpdates<Bike>(`/bike-rental/bikes/${bikeId}`, { every: 3000 });
  const { body: tariff } = useUpdates<TariffSetting>('/bike-rental/tariff', { every: 60_000 });
  const deposit = useDeposit(customerId);
  const { give, isBusy, problem } = useCommand();
  const rent = async () => {
    const done = await give('POST', `/bike-rental/bikes/${bikeId}/rentals`, { userId: customerId });
    if (done) go(`/app/bike-rental/bikes/${bikeId}/rentals/${String(done.body.rentalId)}`, { replace: true });
  };
  return (
    <Loaded of={found}>
      {({ status, location, batteryLevel }) => (
        <>
          <Heading>{say(`자전거 ${bikeId}`, `Bike ${bikeId}`)}</Heading>
          <dl class="facts card">
            <Fact label={say('위치', 'Place')}>{location}</Fact>
            {batteryLevel !== undefined && (
              <Fact label={say('배터리', 'Battery')}>{formatShare(batteryLevel / 100)}</Fact>
            )}
            {tariff && (
              <>
                <Fact label={say('기본요금', 'To begin')}>{formatMoney(tariff.base)}</Fact>
                <Fact label={say('1분마다', 'Each minute')}>{formatMoney(tariff.perMinute)}</Fact>
                {tariff.dailyMax !== undefined && (
                  <Fact label={say('하루 최대', 'At most, a day')}>{formatMoney(tariff.dailyMax)}</Fact>
                )}
              </>
            )}
            {deposit && <Fact label={say('내 예치금', 'Your deposit')}>{formatMoney(deposit.balance)}</Fact>}
          </dl>
          {status !== 'available' && <p class="refused">{statusOfBike(status)}</p>}
          {deposit && deposit.outstanding > 0 ? (
            <Debt outstanding={deposit.outstanding} />
          ) : (
            <>
              <Refused problem={problem} />
              {status === 'available' && (
                <button type="button" class="main wide" disabled={isBusy || !deposit} onClick={rent}>
                  {say('대여하기', 'Rent')}
                </button>
              )}
              <p class="dim">
                {say(
                  '요금은 반납할 때 예치금에서 나갑니다. 모자란 금액은 미납 요금이 됩니다.',
                  'The fee is taken from your deposit when you return the bike. What it does not cover, you owe.',
                )}
              </p>
            </>
          )}
        </>
      )}
    </Loaded>
  );
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
      <div class="field">
        <label for="station">{say('반납할 대여소', 'Return it at')}</label>
        <select id="station" value={location} onChange={(event) => setLocation(event.currentTarget.value)}>
          {names.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <Refused problem={problem} />
      <button type="submit" class="main wide" disabled={isBusy}>
        {say('반납하기', 'Return the bike')}
      </button>
    </form>
  );
};

const RentalPage = ({ bikeId, rentalId }: { bikeId: string; rentalId: string }) => {
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
                {to !== undefined && <Fact label={say('반납한 곳', 'To')}>{to}</Fact>}
                <Fact label={say('대여', 'Rented')}>{formatStart(rentedAt)}</Fact>
                {returnedAt !== undefined && <Fact label={say('반납', 'Returned')}>{formatStart(returnedAt)}</Fact>}
                {minutes !== undefined && (
                  <Fact label={say('이용 시간', 'Time')}>{say(`${formatNumber(minutes)}분`, `${minutes} min`)}</Fact>
                )}
                {paid !== undefined && (
                  <Fact label={say('예치금에서 결제', 'Paid by deposit')}>{formatMoney(paid)}</Fact>
                )}
                {owed > 0 && <Fact label={say('미납', 'You owe')}>{formatMoney(owed)}</Fact>}
              </dl>
            </article>
            {status === 'in-use' && <ReturnForm rental={rental} />}
            {owed > 0 && <Debt outstanding={owed} />}
          </>
        );
      }}
    </Loaded>
  );
};

/** The amounts of a top-up. */
const AMOUNTS = [5_000, 10_000, 30_000, 50_000];

const TopUp = ({ customerId, outstanding }: { customerId: string; outstanding: number }) => {
  const [chosen, setChosen] = useState<number>();
  const [paid, setPaid] = useState<{ amount: number; isGoingOn: boolean }>();
  const { give, isBusy, problem } = useCommand();
  const amounts = outstanding > 0 ? [outstanding, ...AMOUNTS.filter((amount) => amount > outstanding)] : AMOUNTS;
  const amount = chosen !== undefined && amounts.includes(chosen) ? chosen : (amounts[0] ?? outstanding);
  const pay = async (payment: Paid) => {
    setPaid(undefined);
    const done = await give('POST', `/bike-rental/users/${customerId}/deposits`, { amount, payment });
    if (done) setPaid({ amount, isGoingOn: done.isGoingOn });
  };
  return (
    <section class="card">
      <fieldset class="chips">
        <legend class="unseen">{say('충전 금액', 'Amount')}</legend>
        {amounts.map((one) => (
          <button key={one} type="button" aria-pressed={one === amount} onClick={() => setChosen(one)}>
            {one === outstanding ? say(`미납 ${formatMoney(one)}`, `Owed ${formatMoney(one)}`) : formatMoney(one)}
          </button>
        ))}
      </fieldset>
      <Payment total={amount} isBusy={isBusy} problem={problem} onPay={pay} />
      <p role="status" class="good">
        {paid &&
          (paid.isGoingOn
            ? say('결제를 확인하고 있습니다. 결과는 아래 내역에 나옵니다.', 'The payment is being checked; see below.')
            : say(`${formatMoney(paid.amount)}을 결제했습니다.`, `${formatMoney(paid.amount)} was paid.`))}
      </p>
    </section>
  );
};

const statusOfMovement = ({ kind, status }: Movement): string => {
  if (kind === 'fee') return say('이용 요금', 'Ride');
  if (kind === 'conversion') return say('포인트 전환', 'Points');
  if (status === 'charged') return say('충전', 'Top-up');
  if (status === 'pending') return say('결제 확인 중', 'Being checked');
  return status === 'refunded' ? say('결제 취소·환불', 'Refunded') : say('결제 실패', 'Not paid');
};

const isCounted = ({ status }: Movement): boolean => ['charged', 'deducted', 'credited'].includes(status);

const DepositPage = ({ customerId }: { customerId: string }) => {
  const deposit = useDeposit(customerId);
  const movements = useUpdates<Page<Movement>>(`/bike-rental/users/${customerId}/movements?sort=-at&limit=30`);
  return (
    <>
      <Heading>{say('예치금', 'Deposit')}</Heading>
      <article class="card">
        <p class="total">
          <span>{say('잔액', 'Balance')}</span>
          <strong>{deposit && formatMoney(deposit.balance)}</strong>
        </p>
        {deposit !== undefined && deposit.outstanding > 0 && (
          <p class="total bad">
            <span>{say('미납 요금', 'You owe')}</span>
            <strong>{formatMoney(deposit.outstanding)}</strong>
          </p>
        )}
      </article>
      {deposit && <TopUp customerId={customerId} outstanding={deposit.outstanding} />}
      <section>
        <h2>{say('내역', 'History')}</h2>
        <Loaded of={movements}>
          {({ items }) =>
            items.length === 0 ? (
              <p class="dim">{say('아직 내역이 없습니다.', 'There is nothing yet.')}</p>
            ) : (
              <ul class="rows">
                {items.map((movement) => (
                  <li
                    key={`${movement.kind} ${movement.at} ${movement.chargeId ?? movement.rentalId}`}
                    class="item row"
                  >
                    <span class="text">
                      <strong>{statusOfMovement(movement)}</strong>
                      <span class="dim">{formatStart(movement.at)}</span>
                    </span>
                    <span class={isCounted(movement) ? 'aside' : 'aside dim'}>
                      {movement.kind === 'fee' ? '−' : '+'}
                      {formatMoney(movement.amount)}
                    </span>
                  </li>
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
