import type { Db } from 'mongodb';
import type { EventStoreClient } from '../platform/event-store/client.ts';
import { readTail } from '../platform/event-store/tail.ts';
import { comparePositions } from '../platform/event-store/types.ts';
import { machine, pause } from '../platform/machine/machine.ts';
import { checkpoints, positionOf } from '../platform/subscriptions/checkpoints.ts';
import type { Consumer } from '../platform/subscriptions/consumer.ts';
import { type ConsumerGroup, startConsumerGroup } from '../platform/subscriptions/consumer-group.ts';
import { type EventStoreWatch, requireEventStore } from '../platform/subscriptions/event-store-check.ts';
import { isTransient, messageOf } from '../platform/subscriptions/transient.ts';
import type { LogLine } from '../platform/subscriptions/trouble.ts';
import type { Telemetry } from '../platform/telemetry/telemetry.ts';
import { defined } from '../schemas/kernel/defined.ts';
import { requireUnique } from '../schemas/kernel/unique.ts';
import { PoisonedBuildError } from './kernel/build.ts';
import { consumersOf } from './kernel/consumers.ts';
import { indexViews } from './kernel/create-indexes.ts';
import { createEmptyViews } from './kernel/empty-views.ts';
import { outdated } from './kernel/outdated.ts';
import type { Projection } from './kernel/projection.ts';
import { rebuild } from './kernel/rebuild.ts';

export type ProjectionsOptions = {
  client: EventStoreClient;
  db: Db;
  projections: readonly Projection[];
  leaseMs?: number;
  log?: LogLine;
  /** Left out, a watch of its own. */
  eventStore?: EventStoreWatch | undefined;
  telemetry?: Telemetry;
};

export type RunningProjections = {
  working: ConsumerGroup['working'];
  /**
   * Waits until every view is built and shows everything that the store held at that time.
   * @param within milliseconds after which it stops waiting; unavailable stores are reported by the checks
   */
  caughtUp(within: number): Promise<void>;
  /**
   * For /readyz: fails until each view is built in this program's version, or a newer one, and while MongoDB has no disk
   * space for them.
   */
  checks: Readonly<Record<'views' | 'disk', () => Promise<{ ok: boolean; detail?: string }>>>;
  /** Finishes the current batch, writes the checkpoints and releases the leases. The next start continues a rebuild. */
  stop(): Promise<void>;
};

/** Milliseconds between two looks for views to build: without one, and after a failure. */
const LOOK_EVERY = 3000;
const LOOK_AGAIN_AFTER = 1000;
const CATCHING_UP = 25;
const AFTER_FAILURE = 10_000;

/**
 * Keeps the views of the given projections up to date, and shares the work with all other processes that do the same. A
 * view that was never built, or in an older version, is built beside the old one, which serves until then.
 *
 * Returns at once; the work begins when the stores answer.
 * @throws Error when two views have the same name
 */
export const startProjections = ({
  projections,
  log = () => {},
  telemetry,
  ...options
}: ProjectionsOptions): RunningProjections => {
  const { client, db } = options;
  const names = projections.map(({ name }) => name);
  requireUnique(
    'view',
    projections.map(({ name, context }) => [name, context.name]),
  );
  const traced = telemetry?.tracing?.consumer ?? ((consumer: Consumer) => consumer);
  const consumers = projections.flatMap((projection) => consumersOf(db, client, projection)).map(traced);
  const group = startConsumerGroup({ ...options, name: 'projections', consumers, log });
  const needed: Needed = (which, isBuilder) => outdated(db, which, group.session.isAlive, isBuilder);
  const stopping = new AbortController();
  const { promise: built, resolve: noneIsLeft } = Promise.withResolvers<void>();
  const rebuilding = rebuildOutdated({ ...options, projections, log }, needed, group.look, noneIsLeft, stopping.signal);
  const shown = async (over: AbortSignal): Promise<void> => {
    await built;
    const tail = await readTail(client);
    while (!over.aborted) {
      const standing = await checkpoints(db)
        .find({ view: { $in: names } })
        .toArray();
      if (standing.every((each) => comparePositions(positionOf(each), tail) >= 0)) return;
      await pause(CATCHING_UP);
    }
  };
  return {
    working: group.working,
    async caughtUp(within) {
      const over = AbortSignal.any([stopping.signal, AbortSignal.timeout(within)]);
      await Promise.race([
        shown(over).catch((error) => log(messageOf(error))),
        pause(within, { ref: false, signal: stopping.signal }),
      ]);
    },
    checks: {
      disk: group.disk,
      async views() {
        await requireEventStore(client, db);
        const building = (await needed(projections)).map(({ name }) => name);
        const ok = building.length === 0;
        return { ok, detail: ok ? 'built' : `not yet built: ${building.join(', ')}` };
      },
    },
    async stop() {
      stopping.abort();
      await Promise.all([rebuilding, group.stop()]);
    },
  };
};

/** Returns those of the projections whose views have to be built. */
type Needed = (projections: readonly Projection[], isBuilder?: boolean) => Promise<Projection[]>;

const rebuildOutdated = async (
  { client, db, projections, leaseMs, log = () => {} }: ProjectionsOptions,
  needed: Needed,
  onBuilt: () => void,
  noneIsLeft: () => void,
  signal: AbortSignal,
): Promise<void> => {
  const lease = defined({ leaseMs });
  const retryAt = new Map<string, number>();
  let lastFailure = '';
  let isIndexed = false;
  const isDue = ({ name }: Projection) => (retryAt.get(name) ?? 0) <= machine.elapsed();
  while (!signal.aborted) {
    try {
      await requireEventStore(client, db);
      const outdated = await needed(projections);
      if (!isIndexed)
        await indexViews(
          db,
          projections.filter((each) => !outdated.includes(each)),
        );
      isIndexed = true;
      const due = outdated.filter(isDue);
      const created = await createEmptyViews(client, db, due);
      if (created.length > 0) log(`created ${created.length} views: the event store is empty`);
      const old = due.filter((each) => !created.includes(each));
      if (old.length > 0) {
        const names = old.map(({ name, version }) => `${name} (version ${version})`).join(', ');
        log(`building ${names}`);
        const isNeeded = async (projection: Projection) => (await needed([projection], true)).length > 0;
        if (await rebuild({ client, db, projections: old, isNeeded, signal, ...lease })) log(`built ${names}`);
      }
      if (due.length > 0) onBuilt();
      noneIsLeft();
      lastFailure = '';
    } catch (error) {
      const message = messageOf(error);
      if (message !== lastFailure) log(message, isTransient(error) ? 'warn' : 'error');
      lastFailure = message;
      // The other views are built without it.
      if (error instanceof PoisonedBuildError) retryAt.set(error.view, machine.elapsed() + AFTER_FAILURE);
    }
    await pause(lastFailure === '' ? LOOK_EVERY : LOOK_AGAIN_AFTER, { signal });
  }
};
