import { MapPin } from 'lucide';
import type { Static } from 'typebox';
import type { queries } from '../../../schemas/bike-rental.ts';
import { formatNumber } from '../../common/language.ts';
import type { Update } from '../../common/updates.ts';
import { arranged, useLongList } from '../lists.ts';
import { RowLink } from '../parts.tsx';
import { say } from '../words.ts';

type Bike = Static<typeof queries.bike.item>;
type Station = { location: string; available: number };

/** Reads the stations, those with bikes to rent first. */
export const useStations = (every = 5000): Update<readonly Station[]> =>
  arranged(useLongList<Bike>('/bike-rental/bikes?sort=location', every), (bikes) => {
    const inUse = bikes.filter(({ status }) => status !== 'retired');
    return [...Map.groupBy(inUse, ({ location }) => location)]
      .map(([location, there]) => ({
        location,
        available: there.filter(({ status }) => status === 'available').length,
      }))
      .sort((a, b) => b.available - a.available || a.location.localeCompare(b.location, 'ko'));
  });

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
