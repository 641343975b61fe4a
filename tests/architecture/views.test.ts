import { expect, test } from 'vitest';
import { contextSchemas, projectionsOf } from '../../programs/contexts.ts';
import { queriesOf } from '../../schemas/kernel/history.ts';
import { reportView } from '../../schemas/kernel/report.ts';

test('every view that answers a query has a projection', async () => {
  const projections = await projectionsOf(
    contextSchemas.map(({ name }) => name),
    'Asia/Seoul',
  );
  const made = projections.map(({ name }) => name);
  const read = contextSchemas.flatMap((schema) => Object.values(queriesOf(schema)).map(({ view }) => view));
  expect(read.length).toBeGreaterThan(0);
  expect([...new Set(read)].filter((view) => !made.includes(view))).toEqual([]);
});

test('every report has a projection, and every projection of a report is reported', async () => {
  for (const schema of contextSchemas) {
    const projections = await projectionsOf([schema.name], 'Asia/Seoul');
    expect(
      projections.some(({ name }) => name === reportView(schema)),
      schema.name,
    ).toBe(schema.report !== undefined);
    const view = schema.report?.places?.view;
    if (view !== undefined) expect(projections.map(({ name }) => name)).toContain(view);
  }
});
