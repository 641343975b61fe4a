import type { Db } from 'mongodb';
import type { Check } from '../../platform/http/health.ts';
import { parked, WAITING } from '../../platform/subscriptions/parked.ts';

/**
 * Returns a check for `/readyz`: fails until each view has been built once, so that a gateway sends no queries that get
 * 503, and an upgrade ends no predecessor that can answer. It does not wait for a view whose build is stopped by an
 * event: an operator has to act, and the other views answer meanwhile. After it has passed it passes always: without a
 * view that is lost later the process answers as much as any other.
 * @param built returns the position of a view, null for one that was never built
 */
export const builtCheck = (
  db: Db,
  views: readonly string[],
  built: (view: string) => Promise<object | null>,
): (() => Promise<Check>) => {
  let hasPassed = false;
  const stopped = async (unbuilt: readonly string[]): Promise<string[]> => {
    const blocking = { view: { $in: [...unbuilt] }, state: WAITING, blocks: true };
    const found = await parked(db)
      .find(blocking, { projection: { view: 1 } })
      .toArray();
    return found.map(({ view }) => view);
  };
  return async () => {
    if (hasPassed) return { ok: true };
    const positions = await Promise.all(views.map(built));
    const unbuilt = views.filter((_, at) => positions[at] === null);
    const waiting = unbuilt.length > 0 ? await stopped(unbuilt) : [];
    const building = unbuilt.filter((view) => !waiting.includes(view));
    if (building.length > 0) return { ok: false, detail: `built for the first time: ${building.join(', ')}` };
    hasPassed = true;
    return { ok: true };
  };
};
