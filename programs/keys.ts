import type { TObject } from 'typebox';
import { personalEvents } from '../schemas/kernel/personal.ts';
import { TEXT_PATTERN } from '../schemas/kernel/values.ts';
import { contextSchemas } from './contexts.ts';
import { main } from './wiring/shutdown.ts';

/** `npm run keys -- fields`: lists the personal fields of stored events, and the free texts that are not marked as personal. */
const USAGE = 'npm run keys -- fields';

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
  const [action] = process.argv.slice(2);
  if (action === 'fields') {
    console.log(fieldLines().join('\n'));
    return;
  }
  console.error(`plaza: ${USAGE}`);
  process.exitCode = 2;
});
