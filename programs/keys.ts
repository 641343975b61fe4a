import type { TObject } from 'typebox';
import { personalEvents } from '../schemas/kernel/personal.ts';
import { TEXT_PATTERN } from '../schemas/kernel/values.ts';
import { contextSchemas } from './contexts.ts';
import { operate } from './wiring/operate.ts';
import { main } from './wiring/shutdown.ts';

/**
 * `npm run keys -- list
 * check
 * rotate
 * fields`: counts the keys of personal data, tests that PERSONAL_KEY opens each of them, wraps them with the first
 * master key of PERSONAL_KEY, and lists the personal fields of stored events with the free texts that are not marked.
 */
const USAGE = 'npm run keys -- list | check | rotate | fields';

/** Returns a line for each event type: its personal fields, and the free texts beside a person's id that are not marked. */
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

await main(async () => {
  const [action = 'list'] = process.argv.slice(2);
  if (action === 'fields') {
    console.log(fieldLines().join('\n'));
    return;
  }
  if (action !== 'list' && action !== 'check' && action !== 'rotate') {
    console.error(`plaza: ${USAGE}`);
    process.exitCode = 2;
    return;
  }
  process.exitCode = await operate(async ({ keys: opened }) => {
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
