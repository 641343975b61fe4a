import { afterEach, describe, expect, test, vi } from 'vitest';
import { contextSchemas } from '../../programs/contexts.ts';

vi.hoisted(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal('localStorage', {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => kept.set(name, value),
  });
});

const { contextViews } = await import('./contexts/index.ts');
const { chooseLanguage } = await import('../common/language.ts');
const { describeEvents } = await import('./describe-events.ts');
const { currentAfter } = await import('./current.ts');
const { warningsOf } = await import('./health.ts');
const { problemWords } = await import('./problems.ts');
type Overview = import('./live.ts').Overview;
type HappenedEvent = import('./context.ts').HappenedEvent;

afterEach(() => chooseLanguage('en'));

const lot = { lotId: '1', name: '정자역', status: 'open', spots: 5, reserved: 1, free: 4 };
const overview = {
  contexts: { parking: { totals: {}, lots: [lot], reservations: [] } },
  events: [],
  projections: [],
} as unknown as Overview;

const event = (type: string, data: object) => ({ context: 'parking', type, data }) as HappenedEvent;
const reserved = event('ParkingReserved', { lotId: '1', carNumber: '10더8612' });
const canceled = event('ReservationCanceled', { lotId: '1', customerId: 'CUST1' });
const words = (events: HappenedEvent[], isWhole = true) =>
  describeEvents(events, overview, isWhole).map((described) => described.words);

describe('events in words', () => {
  test('show how many were left after each, counted back from the current number', () => {
    expect(words([reserved, canceled, reserved])).toEqual([
      '10더8612 reserved 정자역, 4 free',
      'CUST1 cancelled at 정자역, 5 free',
      '10더8612 reserved 정자역, 4 free',
    ]);
  });

  test('are available in Korean', () => {
    chooseLanguage('ko');
    expect(words([reserved])).toEqual(['10더8612 정자역 예약, 4면 남음']);
  });

  test('omit the number left before a change of the lot’s spots', () => {
    const changed = event('LotSpotsChanged', { lotId: '1', spots: 5 });
    expect(words([changed, reserved])).toEqual(['정자역 now has 5 spots', '10더8612 reserved 정자역']);
  });

  test('omit it in a closed lot, where nothing is free', () => {
    const closed = {
      ...overview,
      contexts: { parking: { totals: {}, lots: [{ ...lot, status: 'closed', free: 0 }] } },
    };
    const events = [canceled, event('LotClosed', { lotId: '1' }), reserved];
    const described = describeEvents(events, closed as unknown as Overview, true).map((each) => each.words);
    expect(described).toEqual(['CUST1 cancelled at 정자역', '정자역 closed', '10더8612 reserved 정자역']);
  });

  test('omit it when events in between may be missing', () => {
    expect(words([reserved], false)).toEqual(['10더8612 reserved 정자역']);
  });

  test('name an event of a newer Plaza by its type', () => {
    expect(words([event('LotPainted', {})])).toEqual(['LotPainted']);
  });
});

test('the words of an event name only fields of its data, and the number left', () => {
  const unknown = contextSchemas.flatMap(({ name, events }) =>
    Object.entries(contextViews.find((view) => view.name === name)!.words).flatMap(([type, phrase]) =>
      typeof phrase === 'function'
        ? []
        : [
            ...Object.values(phrase)
              .join(' ')
              .matchAll(/\{(\w+)\}/g),
          ]
            .map(([, field]) => field!)
            .filter((field) => field !== 'left' && !Object.hasOwn(events[type]!.data.properties, field))
            .map((field) => `${type}: ${field}`),
    ),
  );
  expect(unknown).toEqual([]);
});

test('a seat that moved in an old event, which has no start, is described without it', () => {
  const moved = { context: 'cinema', type: 'SeatReservationMoved', data: { customerId: 'C', title: '기생충' } };
  expect(words([moved as object as HappenedEvent])).toEqual(['C has a seat for 기생충 at ']);
});

test('every context has a view', () => {
  expect(contextViews.map(({ name }) => name)).toEqual(contextSchemas.map(({ name }) => name));
});

test('words for refusals come from the page in Korean and from Plaza in English', () => {
  const [parking] = contextViews;
  const problem = { type: '/problems/lot-full', title: 'No spot is free in the lot', status: 409 };
  expect(problemWords(problem, parking)).toBe('No spot is free in the lot');
  chooseLanguage('ko');
  expect(problemWords(problem, parking)).toBe('남은 주차면이 없습니다');
  expect(problemWords({ type: '/problems/of-tomorrow', title: 'Something new', status: 409 }, parking)).toBe(
    'Something new',
  );
});

describe('warnings', () => {
  const now = Date.now();
  const well = { heardAt: now, isStreaming: true, takesCommands: true, currentAt: {} };
  const member = (change: object) => ({
    ...overview,
    projections: [
      { name: 'parking.lots', group: 'projections', state: 'live', secondsBehind: 0, secondsSinceReport: 0, ...change },
    ] as unknown as Overview['projections'],
  });
  const names = (...of: Parameters<typeof warningsOf>) => warningsOf(...of).map(({ name }) => name);

  test('are empty when all is well', () => {
    expect(names(member({}), well, now)).toEqual([]);
  });

  test('say how stale the page is: without an answer, with a stopped projection, with lag', () => {
    const [silent] = warningsOf(member({}), { ...well, heardAt: now - 42_000 }, now);
    expect(silent?.words.en).toContain('has not answered for 42 sec');
    const [stopped] = warningsOf(member({ state: 'stopped', secondsSinceReport: 130 }), well, now);
    expect(stopped?.words.en).toContain('the views for 2 min (Car park)');
    const [late] = warningsOf(member({ secondsBehind: 12, secondsSinceProgress: 5, eventsBehind: 340 }), well, now);
    expect(late?.words.en).toContain('12 sec ago: 340 events are not shown yet (Car park)');
  });

  test('do not take the age of a history that is written now for lag', () => {
    const filling = { secondsBehind: 75_600, secondsSinceProgress: 0.2, eventsBehind: 70 };
    const [current] = member({}).projections;
    const seen = (at: number) => ({ ...well, currentAt: currentAfter({}, [current!], at) });
    expect(names(member(filling), seen(now - 1000), now)).toEqual([]);
    const [late] = warningsOf(member(filling), well, now);
    expect(late?.words.en).toBe('Plaza is catching up: 70 events are not shown yet (Car park).');
    const [stuck] = warningsOf(member({ ...filling, secondsSinceProgress: 9 }), seen(now - 9000), now);
    expect(stuck?.words.en).toContain('The page shows the state of 9 sec ago');
  });

  test('say that an operator must decide about another event store, whatever the last overview showed', () => {
    const problem = { type: '/problems/wrong-event-store', title: '', status: 503 };
    for (const known of [undefined, member({ state: 'stopped' })])
      expect(warningsOf(known, { ...well, heardAt: now - 42_000 }, now, problem)).toMatchObject([
        { name: 'wrong-event-store', words: { en: expect.stringContaining('until an operator decides') } },
      ]);
  });

  test('say that commands are not accepted, and that policies do not run', () => {
    expect(names(member({}), { ...well, takesCommands: false }, now)).toEqual(['commands']);
    const idle = { group: 'policies', state: 'stopped', secondsSinceReport: 40 };
    expect(names(member(idle), well, now)).toEqual(['policies']);
    expect(names(member({ ...idle, secondsSinceReport: 13 }), well, now)).toEqual([]);
  });
});
