import type { TObject } from 'typebox';
import type { EventStoreClient } from '../platform/event-store/client.ts';
import { storedForm } from '../platform/event-store/personal-data.ts';
import { pullBatches } from '../platform/event-store/subscription.ts';
import { readTail } from '../platform/event-store/tail.ts';
import { comparePositions, START } from '../platform/event-store/types.ts';
import { hasSecrets, personalEvents } from '../schemas/kernel/personal.ts';
import { TEXT_PATTERN } from '../schemas/kernel/values.ts';
import { contextSchemas } from './contexts.ts';
import { argumentsOf } from './wiring/commands.ts';
import { operate } from './wiring/operate.ts';
import { main } from './wiring/shutdown.ts';

/**
 * - `npm run keys -- list` counts the keys of personal data;
 * - `check` tests that PERSONAL_KEY opens each of them;
 * - `rotate` wraps them with the first master key of PERSONAL_KEY;
 * - `fields` lists the personal fields of stored events, and the free texts that are not marked;
 * - `plain` counts the events whose personal fields are not encrypted: they cannot be erased.
 */
const [action = 'list'] = argumentsOf('keys').positionals;

/**
 * Returns a line for each event type: its personal fields, and the free texts beside a person's id that are not marked.
 */
const fieldLines = (): string[] => {
  const marked = personalEvents(contextSchemas);
  return contextSchemas.flatMap(({ name, events }) =>
    Object.entries(events).flatMap(([type, { data }]) => {
      const { owner, fields } = marked.get(type) ?? { owner: '', fields: [] };
      const names = fields.map((field) => field.name);
      const properties = Object.entries((data as TObject).properties);
      const isAboutSomebody = properties.some(([property]) => PERSONS.includes(property));
      const plain = properties.flatMap(([property, schema]) =>
        isAboutSomebody && (schema as { pattern?: string }).pattern === TEXT_PATTERN && !names.includes(property)
          ? [property]
          : [],
      );
      return [
        ...(names.length > 0 ? [`${name}.${type}: ${names.join(', ')} of ${owner}`] : []),
        ...(plain.length > 0 ? [`${name}.${type}: not personal: ${plain.join(', ')}`] : []),
      ];
    }),
  );
};

/** The fields that name a person. */
const PERSONS = ['customerId', 'userId', 'managerId'];

/** Returns a line for each event type with plain personal fields: its events, and the customers whom they are about. */
const plainLines = async (client: EventStoreClient): Promise<string[]> => {
  const marked = personalEvents(contextSchemas);
  const found = new Map<string, { events: number; owners: Set<unknown> }>();
  const tail = await readTail(client);
  const { signal } = new AbortController();
  if (comparePositions(START, tail) >= 0) return [];
  for await (const { events, checkpoint } of pullBatches({ client, from: START, maxBatch: 4000, signal })) {
    for (const event of events) {
      const fields = marked.get(event.type);
      const { data, metadata } = storedForm(event);
      const values = data as Readonly<Record<string, unknown>>;
      if (!fields || metadata.personal || !hasSecrets(fields, values)) continue;
      const counted = found.get(event.type) ?? { events: 0, owners: new Set() };
      found.set(event.type, { events: counted.events + 1, owners: counted.owners.add(values[fields.owner]) });
    }
    if (comparePositions(checkpoint, tail) >= 0) break;
  }
  return [...found].map(([type, { events, owners }]) => `${type}: ${events} events of ${owners.size} customers`);
};

await main(async () => {
  if (action === 'fields') {
    console.log(fieldLines().join('\n'));
    return;
  }
  process.exitCode = await operate(async ({ keys: opened, client }) => {
    if (action === 'plain') {
      console.log((await plainLines(client)).join('\n') || 'every personal field is encrypted');
      return 0;
    }
    if (!opened) {
      console.log('personal data is not encrypted: PERSONAL_KEY is not set, and there are no keys');
      return 0;
    }
    const { keys } = opened;
    if (action === 'rotate') console.log(`${await keys.rotate()} keys were wrapped anew`);
    const { live, erased, unreadable } = await keys.check();
    console.log(`${live} keys, ${erased} erased`);
    for (const id of unreadable) console.error(`plaza: PERSONAL_KEY does not open ${id}`);
    return unreadable.length === 0 ? 0 : 1;
  });
});
