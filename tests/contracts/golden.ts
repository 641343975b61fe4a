/**
 * The golden files: `schemas/golden/{context}/{Event}.v{version}.json` holds the schema of each version of each event
 * that was ever stored, and one such event. They are written once and never changed.
 *
 *     node tests/contracts/golden.ts        writes those that are missing
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { contextSchemas } from '../../programs/contexts.ts';
import type { ContextSchema, EventSchema } from '../../schemas/kernel/context.ts';
import { exampleOf } from '../../schemas/kernel/examples.ts';

const FOLDER = new URL('../../schemas/golden/', import.meta.url).pathname;

export type Golden = { type: string; version: number; schema: unknown; data: unknown };

/** Keywords that only documentation uses. */
const WORDS = new Set(['description', 'examples', 'title']);

/** Returns the part of a schema that decides which data is valid. */
const plain = (schema: unknown, isProperties = false): unknown => {
  if (Array.isArray(schema)) return schema.map((part) => plain(part));
  if (schema === null || typeof schema !== 'object') return schema;
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => isProperties || !WORDS.has(key))
      .map(([key, part]) => [key, plain(part, key === 'properties' && !isProperties)]),
  );
};

/** Returns the expected golden file of an event's current version. */
export const goldenOf = (type: string, { version, data }: EventSchema): Golden => ({
  type,
  version,
  schema: plain(JSON.parse(JSON.stringify(data))),
  data: exampleOf(data),
});

/** Every golden file of a context. */
export const goldenFiles = ({ name }: Pick<ContextSchema, 'name'>): Golden[] => {
  const folder = join(FOLDER, name);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((file) => {
    const golden = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Golden;
    if (basename(file) !== `${golden.type}.v${golden.version}.json`)
      throw new Error(`${file} is not what it is called`);
    return golden;
  });
};

if (import.meta.main) {
  for (const { name, events } of contextSchemas) {
    for (const [type, schema] of Object.entries(events)) {
      const file = join(FOLDER, name, `${type}.v${schema.version}.json`);
      if (existsSync(file)) continue;
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${JSON.stringify(goldenOf(type, schema), null, 2)}\n`);
      console.log(`wrote ${name}/${basename(file)}`);
    }
  }
}
