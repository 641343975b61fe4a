import { describe, expect, it } from 'vitest';
import { contextSchemas } from '../programs/contexts.ts';
import { anyone, ruleOf } from './access.ts';
import { queriesOf } from './kernel/history.ts';

describe.each(contextSchemas)('the access of $name', (context) => {
  const commands = Object.entries(context.commands).filter(([, { http }]) => http);
  const queries = Object.entries(context.queries);

  it('names every command that comes over HTTP and every query, and nothing else', () => {
    const known = [...commands, ...queries].map(([name]) => name);
    expect(Object.keys(context.access ?? {}).sort()).toEqual(known.sort());
  });

  it('lets an admin do everything', () => {
    for (const name of [...commands.map(([name]) => name), ...Object.keys(queriesOf(context))]) {
      const rule = ruleOf(context, name);
      expect(rule.admin ?? rule.anyone, name).toBe('all');
    }
  });

  it('lets customers change only their own things', () => {
    for (const [name] of commands) {
      const { customer, anyone } = ruleOf(context, name);
      expect(anyone, name).toBeUndefined();
      expect(customer, name).not.toBe('all');
    }
  });

  it('narrows queries to what is the caller’s own by a field of their path, filters or document', () => {
    for (const [name, query] of Object.entries(queriesOf(context))) {
      const rule = ruleOf(context, name);
      for (const grant of Object.values(rule)) {
        if (typeof grant === 'string' || name.endsWith('History')) continue;
        const { own } = grant;
        const isInPath = query.path.includes(`{${own}}`);
        // In a list for anyone the grant decides about the personal fields of each document.
        const isOfDocument = query.answer === 'one' || rule.anyone === 'all';
        const isFound = isOfDocument ? own in query.item.properties : own in query.filters;
        expect(isInPath || isFound, `${name} by ${own}`).toBe(true);
      }
    }
  });

  it('hides personal fields only in queries that have some', () => {
    for (const [name, query] of queries) {
      const isHiding = Object.values(ruleOf(context, name)).includes('impersonal');
      if (isHiding) expect(query.personal, name).not.toEqual([]);
      if ('customerId' in query.item.properties && isHiding) expect(query.personal, name).toContain('customerId');
    }
    for (const [name] of commands) expect(Object.values(ruleOf(context, name)), name).not.toContain('impersonal');
  });

  it('shows histories to owners, staff and admins only', () => {
    for (const name of Object.keys(queriesOf(context)).filter((one) => one.endsWith('History'))) {
      const all = Object.entries(ruleOf(context, name)).filter(([, grant]) => typeof grant === 'string');
      expect(all.map(([role]) => role).sort(), name).toEqual(['admin', 'staff']);
    }
  });
});

it('refuses every caller a command or query that is not listed', () => {
  const access = { lots: anyone };
  expect(ruleOf({ access }, 'lots')).toEqual({ anyone: 'all' });
  expect(ruleOf({ access }, 'BurnDown')).toEqual({});
  expect(ruleOf({ access }, 'constructor')).toEqual({});
  expect(ruleOf({ access }, 'constructorHistory')).toEqual({});
  expect(ruleOf({}, 'lots')).toEqual({});
});

it('lets a kiosk give one command: an order', () => {
  const given = contextSchemas.flatMap((context) =>
    Object.keys(context.commands).filter((name) => 'kiosk' in ruleOf(context, name)),
  );
  expect(given).toEqual(['PlaceOrder']);
});
