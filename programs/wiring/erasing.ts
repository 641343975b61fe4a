import type { Db, Document } from 'mongodb';
import type { EventStoreClient } from '../../platform/event-store/client.ts';
import { readTail } from '../../platform/event-store/tail.ts';
import { comparePositions, type Position } from '../../platform/event-store/types.ts';
import { machine, pause } from '../../platform/machine/machine.ts';
import { builtPositions } from '../../platform/subscriptions/position.ts';
import { personalEvents } from '../../schemas/kernel/personal.ts';
import type { WriteSideContext } from '../../write-side/context.ts';
import type { OpenThings } from '../../write-side/kernel/open-things.ts';
import type { Erasing, OpenThing } from '../../write-side/services.ts';
import { contextSchemas, writeSidesOf } from '../contexts.ts';
import type { OpenedPersonalData } from './personal-data.ts';
import type { Settings } from './settings.ts';

export type ErasingOptions = {
  client: EventStoreClient;
  /** The read models. */
  db: Db;
  keys: Pick<OpenedPersonalData, 'keys' | 'personal'>;
  /** The contexts whose commands this process takes. */
  contexts: readonly WriteSideContext[];
  settings: Pick<Settings, 'COMMAND_TIMEOUT_MS'>;
};

const LOOK_EVERY = 10;

/** The views of every customer, besides those of things that end. */
const OWN_VIEWS = [
  { view: 'customers.contacts', owner: 'customerId' },
  { view: 'customers.messages', owner: 'customerId' },
];

const contextOf = (view: string): string => view.slice(0, view.indexOf('.'));

/** Returns the means by which a customer is erased. */
export const openErasing = ({ client, db, keys: { keys, personal }, contexts, settings }: ErasingOptions): Erasing => {
  /** Milliseconds to wait for the views; cancelling and erasing need the rest of the time. */
  const viewsWithin = settings.COMMAND_TIMEOUT_MS / 2;
  const positionOf = builtPositions(db);
  const taken = new Set(contexts.map(({ schema }) => schema.name));
  let declared: Promise<OpenThings[]> | undefined;
  /** Other contexts may run elsewhere: open things there prevent the erasure too. */
  const openThings = (): Promise<OpenThings[]> => {
    declared ??= writeSidesOf(contextSchemas.map(({ name }) => name)).then((all) =>
      all.flatMap(({ open = [] }) => open),
    );
    return declared;
  };

  /** Waits until views contain what the store holds now. @returns those that exist; undefined when the time is over */
  const reached = async (views: readonly string[]): Promise<string[] | undefined> => {
    const tail = await readTail(client);
    const until = machine.elapsed() + viewsWithin;
    /** A view without a position is being built, unless its context runs elsewhere or not at all. */
    const isBehind = (at: Position | null, index: number): boolean =>
      at === null ? taken.has(contextOf(views[index]!)) : comparePositions(at, tail) < 0;
    for (;;) {
      const positions = await Promise.all(views.map(positionOf));
      if (!positions.some(isBehind)) return views.filter((_, index) => positions[index] !== null);
      if (machine.elapsed() > until) return undefined;
      await pause(LOOK_EVERY);
    }
  };

  const hasEnded = async ({ until }: OpenThings, document: Document): Promise<boolean> => {
    if (!until) return false;
    const other = await db.collection<{ _id: string } & Document>(until.view).findOne({ _id: document[until.by] });
    return other !== null && other[until.field] <= new Date(machine.now()).toISOString();
  };

  const openIn = async (things: OpenThings, customerId: string): Promise<OpenThing[]> => {
    const { view, owner = 'customerId', cancel } = things;
    const found: OpenThing[] = [];
    const which = { [owner]: customerId, status: { $in: [...things.while] } };
    for await (const document of db.collection<{ _id: string } & Document>(view).find(which)) {
      if (await hasEnded(things, document)) continue;
      const data = Object.fromEntries((cancel?.fields ?? []).map((field) => [field, document[field]]));
      const isTaken = taken.has(contextOf(view));
      found.push({ view, id: document._id, ...(cancel && isTaken ? { cancel: { type: cancel.command, data } } : {}) });
    }
    return found;
  };

  return {
    async find(customerId) {
      const things = await openThings();
      const others = things.flatMap(({ until }) => (until ? [until.view] : []));
      const owned = [...things.map(({ view, owner = 'customerId' }) => ({ view, owner })), ...OWN_VIEWS];
      const existing = await reached([...owned.map(({ view }) => view), ...others]);
      if (!existing) return undefined;
      const open: OpenThing[] = [];
      for (const each of things) if (existing.includes(each.view)) open.push(...(await openIn(each, customerId)));
      if (open.length > 0) return { isKnown: true, open };
      for (const { view, owner } of owned)
        if (existing.includes(view) && (await db.collection(view).findOne({ [owner]: customerId })) !== null)
          return { isKnown: true, open };
      return { isKnown: false, open };
    },

    latestKey: (customerId) => keys.latest(customerId),

    async makeKey(customerId) {
      return (await keys.current([customerId])).get(customerId)!.name;
    },

    eraseKey: (customerId, key) => personal.erase(customerId, key),

    async eraseSnapshots(customerId) {
      const personalTypes = contextSchemas.map((schema) => ({ schema, events: personalEvents([schema]) }));
      const histories = personalTypes.flatMap(({ schema: { name }, events }) =>
        events.size > 0 ? [{ view: `${name}.history`, types: [...events.keys()] }] : [],
      );
      const existing = await reached(histories.map(({ view }) => view));
      if (!existing) throw new Error('the histories of the customer are behind');
      const streams = new Set<string>();
      for (const { view, types } of histories) {
        if (!existing.includes(view)) continue;
        const found = db
          .collection(view)
          .find({ 'data.customerId': customerId, type: { $in: types } }, { projection: { stream: 1 } });
        for await (const { stream } of found) streams.add(stream);
      }
      await keys.eraseSnapshots([...streams]);
    },
  };
};
