import type { ReadContext } from '../../read-api/kernel/context.ts';
import { anyone, ruleOf } from '../../schemas/access.ts';

/** Returns a context whose queries are open to anyone where a setting says so. */
export const withPublicQueries = (
  { schema, ...context }: ReadContext,
  settings: Readonly<Record<string, unknown>>,
): ReadContext => {
  const opened = Object.entries(schema.publicBy ?? {}).filter(([, setting]) => settings[setting] === 'on');
  const rules = opened.map(([query]) => [query, { ...ruleOf(schema, query), ...anyone }]);
  return { ...context, schema: { ...schema, access: { ...schema.access, ...Object.fromEntries(rules) } } };
};
