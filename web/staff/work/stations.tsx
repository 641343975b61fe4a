import type { Static } from 'typebox';
import type { queries } from '../../../schemas/bike-rental.ts';
import type { Page } from '../../common/api.ts';
import { formatNumber, formatShare, t } from '../../common/language.ts';
import { Link, VIEW } from '../../common/router.tsx';
import { fill } from '../../common/templates.ts';
import { Status } from '../parts/value.tsx';
import { useResource } from '../resource.ts';
import type { WorkProps } from './props.ts';

type Bike = Static<typeof queries.bike.item>;

const LIMIT = 200;
/** The level in percent below which a battery is low. */
const LOW = 20;

const Battery = ({ level, of }: { level: number; of: string }) => (
  <span class={level < LOW ? 'battery low' : 'battery'}>
    <meter
      min={0}
      max={100}
      low={LOW}
      optimum={100}
      value={level}
      aria-label={t({ en: `Battery of ${of}`, ko: `${of} 배터리` })}
    />
    {formatShare(level / 100)}
  </span>
);

/** The bikes by station, the lowest battery first. */
export const Stations = ({ view }: WorkProps) => {
  const { body } = useResource<Page<Bike>>(
    `/bike-rental/bikes?sort=location&limit=${LIMIT}`,
    ({ context }) => context === view.name,
  );
  if (!body || body.items.length === 0) return null;
  const bikes = body.items.filter(({ status }) => status !== 'retired');
  const riding = bikes.filter(({ status }) => status === 'in-use');
  const standing = Map.groupBy(
    bikes.filter(({ status }) => status !== 'in-use'),
    ({ location }) => location,
  );
  const chip = (bike: Bike) => (
    <li key={bike.bikeId}>
      <Link to={VIEW + fill('/bike-rental/bikes/{bikeId}', bike)!}>{bike.bikeId}</Link>
      {bike.batteryLevel !== undefined && <Battery level={bike.batteryLevel} of={bike.bikeId} />}
      <Status status={bike.status} />
    </li>
  );
  const byNeed = (one: Bike, other: Bike) => (one.batteryLevel ?? 101) - (other.batteryLevel ?? 101);
  return (
    <section class="list" aria-labelledby="stations">
      <header>
        <h2 id="stations">{t({ en: 'Stations', ko: '대여소' })}</h2>
      </header>
      <div class="stations">
        {[...standing].map(([location, there]) => {
          const available = there.filter(({ status }) => status === 'available').length;
          return (
            <section key={location}>
              <h3>
                <bdi>{location}</bdi>{' '}
                <span class="dim">
                  {t({ en: `${formatNumber(available)} available`, ko: `대여 가능 ${formatNumber(available)}대` })}
                </span>
              </h3>
              <ul>{there.sort(byNeed).map(chip)}</ul>
            </section>
          );
        })}
        {riding.length > 0 && (
          <section>
            <h3>
              {t({ en: 'On the way', ko: '대여 중' })} <span class="dim">{formatNumber(riding.length)}</span>
            </h3>
            <ul>{riding.map(chip)}</ul>
          </section>
        )}
      </div>
      {body.next !== undefined && (
        <p class="dim">
          {t({
            en: `The first ${LIMIT} bikes are shown; the list has all.`,
            ko: `처음 ${LIMIT}대만 표시됩니다. 전체는 목록에서 볼 수 있습니다.`,
          })}
        </p>
      )}
    </section>
  );
};
