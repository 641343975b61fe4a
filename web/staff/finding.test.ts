import { beforeEach, describe, expect, test, vi } from 'vitest';

vi.hoisted(() => {
  const nothing = () => {};
  const browser = {
    localStorage: { getItem: () => 'en', setItem: nothing },
    location: new URL('http://plaza.test/'),
    history: {},
    addEventListener: nothing,
    scrollTo: nothing,
    scrollY: 0,
  };
  for (const [name, value] of Object.entries(browser)) vi.stubGlobal(name, value);
});

const { session } = await import('../common/session.ts');
const { find } = await import('./finding.ts');

/** What Plaza answers: the items of a list by its path with the query; other lists are empty. */
const lists = new Map<string, object[]>();
const asked: string[] = [];

beforeEach(() => {
  session.set({ state: 'off' });
  lists.clear();
  asked.length = 0;
  vi.stubGlobal('fetch', async (path: string) => {
    asked.push(path);
    return Response.json({ items: lists.get(path) ?? [] });
  });
});

const found = async (typed: string) =>
  (await find(typed, new AbortController().signal)).map(({ label, kind, to }) => `${label} (${kind}) ${to}`);

const contactFound = (q: string) =>
  lists.set(`/control-center/search?${new URLSearchParams({ q, context: 'customers', limit: '5' })}`, [
    {
      context: 'customers',
      kind: 'contact',
      path: '/customers/kim-minji/contact',
      item: { customerId: 'kim-minji', name: '김민지', phone: '+821012345678', email: 'minji@example.com' },
    },
  ]);

describe('the search box', () => {
  test.each(['010-1234-5678', '+82 10 1234 5678', 'demo-bike-29', 'kim-minji'])(
    'offers nothing for %s when nothing is called so',
    async (typed) => {
      expect(await found(typed)).toEqual([]);
    },
  );

  test('offers the customer of an id who has something in a context, though without a contact', async () => {
    lists.set('/parking/reservations?customerId=kim-minji&limit=1', [{ reservationId: 'r1' }]);
    expect(await found('kim-minji')).toEqual(['kim-minji (Customer) /view/customers/kim-minji']);
  });

  test('names a customer with what tells two of one name apart, and offers each once', async () => {
    contactFound('kim-minji');
    lists.set('/parking/reservations?customerId=kim-minji&limit=1', [{ reservationId: 'r1' }]);
    expect(await found('kim-minji')).toEqual([
      '김민지 · +821012345678 · minji@example.com (Customer) /view/customers/kim-minji',
    ]);
  });

  test('finds the customer of a phone number', async () => {
    contactFound('010 1234 5678');
    expect(await found('010 1234 5678')).toEqual([
      '김민지 · +821012345678 · minji@example.com (Customer) /view/customers/kim-minji',
    ]);
  });

  test('asks no context for a customer whose id cannot be what was typed', async () => {
    await found('12가3456');
    expect(asked.filter((path) => !path.startsWith('/control-center/search'))).toEqual([]);
  });
});
