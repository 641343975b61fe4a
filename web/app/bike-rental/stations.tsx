import { MapPin } from 'lucide';
import type { Static } from 'typebox';
import type { queries } from '../../../schemas/bike-rental.ts';
import { formatNumber } from '../../common/language.ts';
import { useLongList } from '../lists.ts';
import { RowLink } from '../parts.tsx';
import { say } from '../words.ts';

type Bike = Static<typeof queries.bike.item>;
type Station = { location: string; available: number };

/** Reads the stations, those with bikes to rent first; undefined until they are read. */
export const useStations = (every = 5000) => {
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
