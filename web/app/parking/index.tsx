import { Car, SquareParking } from 'lucide';
import { useState } from 'preact/hooks';
import type { Static } from 'typebox';
import type { queries } from '../../../schemas/parking.ts';
import { Countdown } from '../../common/countdown.tsx';
import { formatDuration, formatMoney, formatNumber, formatStart } from '../../common/language.ts';
import { go, Link } from '../../common/router.tsx';
import type { Option } from '../../common/select.tsx';
import { KEPT, readAgain, useUpdates } from '../../common/updates.ts';
import { Refused, useCommand } from '../command.tsx';
import { useList } from '../lists.ts';
import { page, useTicketsOf } from '../page.ts';
import { Choice, ConfirmButton, Fact, Heading, Loaded, RowLink, Rows, TextField, type Ticket } from '../parts.tsx';
import { EVERY, Service } from '../service.tsx';
import { useEntries, Waiting } from '../waiting.tsx';
import { say } from '../words.ts';
import { type Coupon, couponWords, usableCoupons } from './coupons.ts';

type Lot = Static<typeof queries.lot.item>;
type Reservation = Static<typeof queries.lotReservation.item>;

/** Formats a lot's price; a lot without one is paid on site. */
const priceOf = ({ price }: Lot): string =>
  price === undefined ? say('현장 정산', 'Pay on site') : price === 0 ? say('무료', 'Free') : formatMoney(price);

const freeOf = ({ free }: Lot) =>
  free > 0 ? (
    <span class="good">{say(`${formatNumber(free)}면 남음`, `${formatNumber(free)} free`)}</span>
  ) : (
    <span class="bad">{say('만차', 'Full')}</span>
  );

/** One lot of a list. */
const LotRow = ({ lot }: { lot: Lot }) => (
  <RowLink
    to={`/app/parking/${lot.lotId}`}
    icon={SquareParking}
    title={lot.name}
    about={priceOf(lot)}
    aside={freeOf(lot)}
  />
);

/** The lots with the most free spots, on the home page. */
export const Parking = () => (
  <Service
    title={say('주차', 'Parking')}
    to="/app/parking"
    of={useList<Lot>('/parking/lots?status=open&sort=-free&limit=3', { every: EVERY })}
  >
    {(lot) => <LotRow key={lot.lotId} lot={lot} />}
  </Service>
);

const ParkingPage = () => (
  <>
    <Heading>{say('주차', 'Parking')}</Heading>
    <Rows
      of={useList<Lot>('/parking/lots?status=open&sort=-free&limit=100')}
      none={say('이용할 수 있는 주차장이 없습니다.', 'No lot is open.')}
    >
      {(lot) => <LotRow key={lot.lotId} lot={lot} />}
    </Rows>
  </>
);

const KEPT_CARS = `${KEPT}cars`;
const keptCars = (): string[] => JSON.parse(localStorage.getItem(KEPT_CARS) ?? '[]') as string[];
const keepCar = (car: string): void =>
  localStorage.setItem(KEPT_CARS, JSON.stringify([car, ...keptCars().filter((other) => other !== car)].slice(0, 3)));

/** Reserves a spot at the price that the page shows. @param entryId the entry whose offer it accepts */
const ReserveForm = ({ lot, customerId, entryId }: { lot: Lot; customerId: string; entryId?: string | undefined }) => {
  const cars = keptCars();
  const [car, setCar] = useState(cars[0] ?? '');
  const [isMissing, setMissing] = useState(false);
  const [couponId, setCoupon] = useState('');
  const { give, isBusy, problem } = useCommand();
  const { body: coupons = [] } = useList<Coupon>(`/parking/coupons?customerId=${customerId}&status=issued&limit=50`);
  const usable = usableCoupons(coupons);
  const price = lot.price ?? 0;
  const discount = Math.min(usable.find((coupon) => coupon.couponId === couponId)?.value ?? 0, price);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const carNumber = car.trim();
    setMissing(carNumber === '');
    if (carNumber === '') return document.getElementById('car')?.focus();
    const done = await give('POST', `/parking/lots/${lot.lotId}/reservations`, {
      customerId,
      carNumber,
      amount: price,
      couponId: couponId || undefined,
      entryId,
    });
    if (!done) return;
    keepCar(carNumber);
    go(`/app/parking/${lot.lotId}/reservations/${String(done.body.reservationId)}`);
  };
  return (
    <form class="card" onSubmit={submit} noValidate>
      <TextField
        id="car"
        label={say('차량 번호', 'Car number')}
        required
        maxLength={20}
        autoComplete="off"
        placeholder="12가3456"
        value={car}
        wrong={isMissing ? say('차량 번호를 입력하세요.', 'Enter the car number.') : undefined}
        onText={(text) => {
          setCar(text);
          setMissing(false);
        }}
      />
      {cars.length > 1 && (
        <fieldset class="chips">
          <legend class="unseen">{say('최근 차량', 'Recent cars')}</legend>
          {cars.map((kept) => (
            <button key={kept} type="button" aria-pressed={kept === car} onClick={() => setCar(kept)}>
              {kept}
            </button>
          ))}
        </fieldset>
      )}
      {usable.length > 0 && price > 0 && (
        <Choice
          label={say('쿠폰', 'Coupon')}
          value={couponId}
          options={[
            ['', say('사용 안 함', 'Use none')],
            ...usable.map((coupon): Option => [coupon.couponId, couponWords(coupon)]),
          ]}
          onChoose={setCoupon}
        />
      )}
      <p class="total">
        <span>{say('결제 금액', 'To pay')}</span>
        <strong>{lot.price === undefined ? priceOf(lot) : formatMoney(price - discount)}</strong>
      </p>
      <Refused problem={problem} />
      <button type="submit" class="main" disabled={isBusy}>
        {entryId === undefined ? say('예약하기', 'Reserve') : say('이 자리 예약하기', 'Take this spot')}
      </button>
    </form>
  );
};

const LotPage = ({ lotId, customerId }: { lotId: string; customerId: string }) => {
  const found = useUpdates<Lot>(`/parking/lots/${lotId}`, { every: 3000 });
  const [entry] = useEntries('parking', 'lotId', lotId, customerId);
  return (
    <Loaded of={found}>
      {(lot) => (
        <>
          <Heading>{lot.name}</Heading>
          <dl class="facts card">
            <Fact label={say('남은 자리', 'Free')}>
              {say(`${formatNumber(lot.free)} / ${formatNumber(lot.spots)}면`, `${lot.free} of ${lot.spots}`)}
            </Fact>
            <Fact label={say('요금', 'Price')}>
              {priceOf(lot)}
              {lot.paidHours !== undefined && ` · ${formatDuration(lot.paidHours * 3600)}`}
            </Fact>
            <Fact label={say('초과 1시간', 'Each hour over')}>
              {lot.overtimePrice !== undefined && formatMoney(lot.overtimePrice)}
            </Fact>
            <Fact label={say('입차 기한', 'Arrive within')}>
              {lot.arriveWithin !== undefined && formatDuration(lot.arriveWithin * 60)}
            </Fact>
          </dl>
          {lot.status === 'closed' && (
            <>
              <p class="refused">{say('운영이 끝난 주차장입니다.', 'The lot is closed.')}</p>
              <Link to="/app/parking" class="button">
                {say('다른 주차장 찾기', 'Choose another lot')}
              </Link>
            </>
          )}
          {lot.status === 'open' && !entry && lot.free > 0 && <ReserveForm lot={lot} customerId={customerId} />}
          {lot.status === 'open' && (entry || lot.free === 0) && (
            <Waiting
              path={`/parking/lots/${lotId}`}
              entry={entry}
              customerId={customerId}
              offered={<ReserveForm lot={lot} customerId={customerId} entryId={entry?.entryId} />}
            />
          )}
        </>
      )}
    </Loaded>
  );
};

const statusWords = (status: Reservation['status']): string =>
  ({
    reserved: say('예약됨', 'Reserved'),
    arrived: say('주차 중', 'Parked'),
    completed: say('출차 완료', 'Completed'),
    canceled: say('취소됨', 'Cancelled'),
  })[status];

const reservationPath = ({ lotId, reservationId }: Pick<Reservation, 'lotId' | 'reservationId'>): string =>
  `/parking/lots/${lotId}/reservations/${reservationId}`;

const ParkingTicketPage = ({ lotId, reservationId }: { lotId: string; reservationId: string }) => {
  const path = reservationPath({ lotId, reservationId });
  const found = useUpdates<Reservation>(path, { every: 3000, isKept: true });
  const { body: lot } = useUpdates<Lot>(`/parking/lots/${lotId}`, { every: 60_000, isKept: true });
  const { give, isBusy, problem } = useCommand();
  return (
    <Loaded of={found}>
      {(reservation) => {
        const { status, carNumber, arriveBy, cancelBy, amount, discount, due, reason } = reservation;
        const { reservedAt, arrivedAt, departedAt, canceledAt } = reservation;
        const isCancelable = status === 'reserved' && (cancelBy === undefined || Date.parse(cancelBy) > Date.now());
        return (
          <>
            <Heading>{lot?.name ?? say('주차권', 'Parking ticket')}</Heading>
            <article class={`ticket ${status}`}>
              <p class="state">{statusWords(status)}</p>
              <p class="plate">{carNumber}</p>
              {status === 'reserved' && arriveBy !== undefined && (
                <p class="left">
                  {say('입차까지', 'Arrive in')} <Countdown until={arriveBy} onEnd={readAgain} />
                </p>
              )}
              <dl class="facts">
                <Fact label={say('금액', 'Amount')}>{formatMoney(amount)}</Fact>
                <Fact label={say('쿠폰 할인', 'Coupon')}>{discount !== undefined && `−${formatMoney(discount)}`}</Fact>
                <Fact label={say('예약', 'Reserved')}>{formatStart(reservedAt)}</Fact>
                <Fact label={say('입차', 'Arrived')}>{arrivedAt && formatStart(arrivedAt)}</Fact>
                <Fact label={say('출차', 'Left')}>{departedAt && formatStart(departedAt)}</Fact>
                <Fact label={say('취소', 'Cancelled')}>{canceledAt && formatStart(canceledAt)}</Fact>
                <Fact label={say('추가 요금', 'Due')}>{due !== undefined && due > 0 && formatMoney(due)}</Fact>
                <Fact label={say('사유', 'Reason')}>
                  {reason === 'no-show' && say('기한 안에 입차하지 않음', 'not arrived in time')}
                  {reason === 'lot-closed' && say('주차장 운영 종료', 'the lot was closed')}
                </Fact>
              </dl>
            </article>
            <Refused problem={problem} />
            <div class="actions">
              {status === 'reserved' && (
                <button type="button" class="main" disabled={isBusy} onClick={() => give('POST', `${path}/arrival`)}>
                  {say('입차하기', 'I have arrived')}
                </button>
              )}
              {status === 'arrived' && (
                <p class="dim">{say('출차는 주차장에서 기록합니다.', 'The car park records when you leave.')}</p>
              )}
              {isCancelable && (
                <ConfirmButton
                  words={say('예약 취소', 'Cancel the reservation')}
                  effect={say('자리가 바로 다른 분에게 넘어갑니다.', 'The spot is free for others at once.')}
                  isBusy={isBusy}
                  onConfirm={() => give('DELETE', path)}
                />
              )}
              {(status === 'canceled' || status === 'completed') && (
                <Link to={`/app/parking/${lotId}`} class="button">
                  {say('다시 예약하기', 'Reserve again')}
                </Link>
              )}
            </div>
          </>
        );
      }}
    </Loaded>
  );
};

/** Reads the customer's reservations; undefined as long as they are not known. */
export const useParkingTickets = (customerId: string): Ticket[] | undefined => {
  const { body: lots } = useList<Lot>('/parking/lots?limit=200', { every: 60_000, isKept: true });
  const path = `/parking/reservations?customerId=${customerId}&sort=-reservedAt&limit=50`;
  return useTicketsOf<Reservation>(path, reservationPath, (one) => ({
    to: `/app/parking/${one.lotId}/reservations/${one.reservationId}`,
    icon: Car,
    title: lots?.find(({ lotId }) => lotId === one.lotId)?.name ?? one.carNumber,
    about: `${one.carNumber} · ${formatStart(one.reservedAt)}`,
    aside: statusWords(one.status),
    isOpen: one.status === 'reserved' || one.status === 'arrived',
    at: one.reservedAt,
  }));
};

export const parkingPages = [
  page('/app/parking', ParkingPage),
  page('/app/parking/{lotId}', LotPage),
  page('/app/parking/{lotId}/reservations/{reservationId}', ParkingTicketPage),
];
