import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import type { Document } from 'mongodb';
import { expect, it } from 'vitest';
import { storedEvent } from '../../platform/subscriptions/testing.ts';
import { contextSchemas, projectionsOf, writeSidesOf } from '../../programs/contexts.ts';
import { projected } from '../../projections/kernel/events.ts';
import type { Projection } from '../../projections/kernel/projection.ts';
import { documentsAfter, type Given } from '../../projections/kernel/testing.ts';
import type { ViewQuery } from '../../schemas/kernel/context.ts';
import { upcast } from '../../schemas/kernel/upcast.ts';
import { type Golden, goldenFiles } from './golden.ts';

const ajv = new Ajv({ strict: false });
formats.default(ajv);

/** The time of every event: a report's documents are found by it. */
const TIME = '2026-01-31T09:00:00.000Z';

const names = contextSchemas.map(({ name }) => name);
const projections = await projectionsOf(names, 'Asia/Seoul');
const writeSides = await writeSidesOf(names);
type Stored = Golden & Given;
const files = contextSchemas.flatMap(goldenFiles).map((golden) => ({ ...golden, time: TIME }) as Stored);
const filesOf = ({ events }: Projection): Stored[] => files.filter(({ type }) => events.includes(type));

/** Events that make the documents of golden events, where no golden event does. */
const PREPARED: Readonly<Record<string, Given[]>> = {
  'cinema.seats': files
    .filter(({ type, version }) => type === 'ShowingOpened' && version === 3)
    .map(({ data, ...rest }) => ({ ...rest, data: { ...data, hallMap: ['oooooooo', 'oooooooo'] } })),
  'screening.customerBookings': files
    .filter(({ type, version }) => type === 'ScreeningBooked' && version === 1)
    .map(({ data, ...rest }) => ({ ...rest, data: { ...data, firstSlotId: 'firstSlot-1' } })),
};

const keyOf = (view: Projection, { type, version, data }: Stored): string | null => {
  const stored = storedEvent(1, type, data);
  const metadata = { ...stored.metadata, time: TIME, schemaVersion: version };
  const event = projected(view.context, { ...stored, metadata });
  return view.document ? view.document(event)._id : view.key!(event);
};

/** Returns the view's documents after some events, or undefined when one of them is impossible. */
const attempt = (view: Projection, events: readonly Given[]): Record<string, object> | undefined => {
  try {
    return documentsAfter(view, ...events);
  } catch {
    return undefined;
  }
};

/** Returns the events, at most two, after which a golden event is possible in a view. */
const historyBefore = (view: Projection, golden: Stored): Given[] | undefined => {
  const key = keyOf(view, golden);
  const isHandled = (before: readonly Given[]): boolean => {
    const after = attempt(view, [...before, golden]);
    if (!after) return false;
    if (view.document || key === null || Object.hasOwn(after, key)) return true;
    // The event deletes the document.
    return Object.hasOwn(attempt(view, before) ?? {}, key);
  };
  const others = [...(PREPARED[view.name] ?? []), ...filesOf(view)];
  if (isHandled([])) return [];
  const one = others.find((first) => isHandled([first]));
  if (one) return [one];
  for (const first of others) {
    if (!attempt(view, [first])) continue;
    const second = others.find((each) => isHandled([first, each]));
    if (second) return [first, second];
  }
  return undefined;
};

/**
 * Returns a schema without the bounds of numbers: a golden event may cancel what the history before it never reserved.
 */
const unbounded = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(unbounded);
  if (schema === null || typeof schema !== 'object') return schema;
  const parts = Object.entries(schema).filter(([key, part]) => !(key === 'minimum' && typeof part === 'number'));
  return Object.fromEntries(parts.map(([key, part]) => [key, unbounded(part)]));
};

const elsewhereOf = ({ current = {}, position }: ViewQuery) =>
  new Set([...Object.keys(current), ...(position ? [position.field] : [])]);

/** Returns what a query shows of a document, without the fields that it reads elsewhere. */
const shownBy = (query: ViewQuery, document: Document): unknown => {
  const { item, present = (stored) => stored } = query;
  const elsewhere = elsewhereOf(query);
  const shown = present(document) as Document;
  const fields = Object.keys(item.properties).filter((field) => !elsewhere.has(field) && shown[field] !== undefined);
  return JSON.parse(JSON.stringify(Object.fromEntries(fields.map((field) => [field, shown[field]]))));
};

const validators = new Map<ViewQuery, ValidateFunction>();

/** Returns the validator of what a query shows. Ajv takes long to compile one. */
const validatorOf = (query: ViewQuery): ValidateFunction => {
  const elsewhere = elsewhereOf(query);
  const required = (query.item.required ?? []).filter((field) => !elsewhere.has(field));
  const validate = validators.get(query) ?? ajv.compile({ ...(unbounded(query.item) as object), required });
  validators.set(query, validate);
  return validate;
};

/** Returns why no query of the view can show a document; undefined when one can. */
const faultOf = (view: Projection, document: Document): string | undefined => {
  const queries = Object.values(view.context.queries).filter((query) => query.view === view.name);
  const faults = queries.map((query) => {
    const value = shownBy(query, document);
    const validate = validatorOf(query);
    return validate(value)
      ? undefined
      : `${query.path}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(value)}`;
  });
  return faults.includes(undefined) ? undefined : faults.join('; ') || undefined;
};

it.each(projections.map((view) => [view.name, view] as const))(
  '%s takes every version of its events, each fed twice, and shows what its queries promise',
  (_, view) => {
    const faults = filesOf(view).flatMap((golden) => {
      const name = `${golden.type} version ${golden.version}`;
      const before = historyBefore(view, golden);
      if (!before) return [`${name}: no history of golden events makes it possible: prepare one`];
      const documents = Object.values(documentsAfter(view, ...before, golden));
      return documents.flatMap((document) => faultOf(view, document) ?? []).map((fault) => `${name}: ${fault}`);
    });
    expect(faults).toEqual([]);
  },
);

const reacting = writeSides.flatMap(({ policies, timers = [] }) => [...policies, ...timers]);

it.each(reacting.map((each) => [each.name, each] as const))(
  '%s gives valid commands for every version of its events',
  (_, { context, events, ...policy }) => {
    const commands = files
      .filter(({ type }) => events.includes(type))
      .flatMap(({ type, version, data }) => {
        const known = upcast(context.events, type, version, data) as object;
        const event = { type, data: known, revision: '3', time: TIME };
        if ('react' in policy) return policy.react(event);
        return policy.plan(event).flatMap((plan) => (plan.task === null ? [] : [{ type: plan.task, data: plan.data }]));
      });
    const faults = commands.flatMap(({ type, data }) =>
      ajv.validate(context.commands[type]!.data, data) ? [] : `${type}: ${ajv.errorsText()} in ${JSON.stringify(data)}`,
    );
    expect(faults).toEqual([]);
  },
);

it('every version of every event that a view handles is replayed', () => {
  const pairs = projections.flatMap((view) => filesOf(view));
  const handled = new Set(projections.flatMap(({ events }) => events));
  const seen = new Set(pairs.map(({ type, version }) => `${type} ${version}`));
  expect(files.filter(({ type, version }) => handled.has(type) && !seen.has(`${type} ${version}`))).toEqual([]);
  expect(seen.size).toBeGreaterThan(files.length * 0.9);
  expect(pairs.length).toBeGreaterThan(600);
});
