import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { contextSchemas } from '../../programs/contexts.ts';

test.each(contextSchemas.map(({ name }) => [name]))('%s has an example of each of its endpoints', (name) => {
  const file = new URL(`../../write-side/${name}/endpoints.test.ts`, import.meta.url);
  // It fails when an endpoint has none.
  expect(readFileSync(file, 'utf8')).toMatch(/^endpointContract\(/m);
});
