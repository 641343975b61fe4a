import { BatteryLow, BatteryMedium, Bike as BikeIcon } from 'lucide';
import type { Static } from 'typebox';
import type { queries } from '../../../schemas/bike-rental.ts';
import { Icon } from '../../common/icon.tsx';
import { formatMoney, formatShare } from '../../common/language.ts';
import { go } from '../../common/router.tsx';
import { useUpdates } from '../../common/updates.ts';
import { Refused, useCommand } from '../command.tsx';
import { arranged, useList } from '../lists.ts';
import { Fact, Heading, Loaded, RowLink, Rows } from '../parts.tsx';
import { say } from '../words.ts';
import { Debt, useDeposit } from './deposit.tsx';

type Bike = Static<typeof queries.bike.item>;
type TariffSetting = Static<typeof queries.tariff.item>;

/** Percent of the battery below which a bike is shown as low. */
const LOW = 20;

const Battery = ({ level }: { level: number | undefined }) =>
  level === undefined ? null : (
    <span class={level < LOW ? 'battery bad' : 'battery'}>
      <Icon of={level < LOW ? BatteryLow : BatteryMedium} size={18} />
      <span class="unseen">{say('배터리', 'Battery')}</span> {formatShare(level / 100)}
    </span>
  );

export const StationPage = ({ location }: { location: string }) => {
  const bikes = useList<Bike>(`/bike-rental/bikes?status=available&location=${encodeURIComponent(location)}&limit=200`);
  return (
    <>
      <Heading>{location}</Heading>
      <Rows
        of={arranged(bikes, (all) => all.toSorted((a, b) => (b.batteryLevel ?? 0) - (a.batteryLevel ?? 0)))}
        none={say('지금 빌릴 수 있는 자전거가 없습니다.', 'No bike can be rented here now.')}
      >
        {({ bikeId, batteryLevel }) => (
          <RowLink
            key={bikeId}
            to={`/app/bike-rental/bikes/${bikeId}`}
            icon={BikeIcon}
            title={bikeId}
            aside={<Battery level={batteryLevel} />}
          />
        )}
      </Rows>
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

export const BikePage = ({ bikeId, customerId }: { bikeId: string; customerId: string }) => {
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
            <Fact label={say('배터리', 'Battery')}>
              {batteryLevel !== undefined && formatShare(batteryLevel / 100)}
            </Fact>
            <Fact label={say('기본요금', 'To begin')}>{tariff && formatMoney(tariff.base)}</Fact>
            <Fact label={say('1분마다', 'Each minute')}>{tariff && formatMoney(tariff.perMinute)}</Fact>
            <Fact label={say('하루 최대', 'At most, a day')}>
              {tariff?.dailyMax !== undefined && formatMoney(tariff.dailyMax)}
            </Fact>
            <Fact label={say('내 예치금', 'Your deposit')}>{deposit && formatMoney(deposit.balance)}</Fact>
          </dl>
          {status !== 'available' && <p class="refused">{statusOfBike(status)}</p>}
          {deposit && deposit.outstanding > 0 ? (
            <Debt outstanding={deposit.outstanding} />
          ) : (
            <>
              <Refused problem={problem} />
              {status === 'available' && (
                <button type="button" class="main" disabled={isBusy || !deposit} onClick={rent}>
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
