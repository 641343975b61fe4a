import { expect, test } from 'vitest';
import { contextSchemas, projectionsOf } from '../../programs/contexts.ts';
import { queriesOf } from '../../schemas/kernel/history.ts';

test('every view that answers a query has a projection', async () => {
  const projections = await projectionsOf(contextSchemas.map(({ name }) => name));
  const made = projections.map(({ name }) => name);
  const read = contextSchemas.flatMap((schema) => Object.values(queriesOf(schema)).map(({ view }) => view));
  expect(read.length).toBeGreaterThan(0);
  expect([...new Set(read)].filter((view) => !made.includes(view))).toEqual([]);
});
