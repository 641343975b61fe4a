import { describe, expect, it, vi } from 'vitest';
import { type Fate, type MemoryStreams, memoryStreams } from '../../platform/event-store/testing.ts';
import { type StoredEvent, StoreUnavailableError } from '../../platform/event-store/types.ts';
import { UnknownEventVersionError } from '../../schemas/kernel/upcast.ts';
import type { Desk } from './desk.ts';
import { REMEMBERED_COMMANDS, replayed } from './recent-commands.ts';
import { readSnapshot } from './snapshot.ts';
import { SEATS_STREAM, seats, seatsDesk, seatsRequest, stampedSeats } from './testing.ts';

const take = (name: string) => ({ type: 'Take', data: { name } }) as const;
const leave = (name: string, times = 1) => ({ type: 'Leave', data: { name, times } }) as const;
const look = { type: 'Look', data: { name: 'ann' } } as const;
const broken = { type: 'Break', data: { name: 'ann' } } as const;

const fates = (...some: Fate[]) => some[Symbol.iterator]();

/** Returns a gate: calls that await `way` are held while it is closed. */
const gate = () => {
  let open: () => void = () => {};
  let closed: Promise<void> = Promise.resolve();
  return {
    way: () => closed,
    close() {
      closed = new Promise((resolve) => {
        open = resolve;
      });
    },
    open: () => open(),
  };
};

const names = (events: readonly StoredEvent[]) => events.map(({ data }) => (data as { name: string }).name);

it('answers a command that reads with the state after every event before it', async () => {
  const store = memoryStreams();
  const { submit } = seatsDesk({ store, decider: { ...seats, read: (_look, taken) => ({ taken }) } });
  await submit(seatsRequest(take('ann')));
  const read = { kind: 'done', events: [], read: { taken: ['ann', 'bob'] } };
  expect((await Promise.all([submit(seatsRequest(take('bob'))), submit(seatsRequest(look))]))[1]).toMatchObject(read);
  expect(await seatsDesk({ store }).submit(seatsRequest(look))).not.toHaveProperty('read');
});

describe('append batches', () => {
  it('contain the commands that came while an append was in flight, in order', async () => {
    const { way, close, open } = gate();
    const store = memoryStreams(way);
    const { submit } = seatsDesk({ store });
    await submit(seatsRequest(take('ann')));

    close();
    const first = submit(seatsRequest(leave('ann')));
    const rest = ['bob', 'cho', 'dan', 'eve'].map((name) => submit(seatsRequest(take(name))));
    open();

    expect(await first).toMatchObject({ kind: 'done', revision: 1n });
    expect(await Promise.all(rest)).toMatchObject([
      { kind: 'done', revision: 2n },
      { kind: 'done', revision: 3n },
      { kind: 'done', revision: 4n },
      { kind: 'refused', refusal: { refused: 'full' } },
    ]);
    expect(names(store.events(SEATS_STREAM))).toEqual(['ann', 'ann', 'bob', 'cho', 'dan']);
    expect(store.calls.append).toBe(3);
  });

  it('give each decision the revision of its first event, also after a conflict', async () => {
    const numbered = {
      ...seats,
      decide: (...[{ data }, , { revision }]: Parameters<typeof seats.decide>) => [
        { type: 'Taken', data: { name: `${data.name} ${revision}` } },
      ],
    };
    const store = memoryStreams();
    const [one, other] = [seatsDesk({ store, decider: numbered }), seatsDesk({ store, decider: numbered })];
    await one.submit(seatsRequest(take('ann')));
    await other.submit(seatsRequest(take('bob')));
    await Promise.all(['cho', 'dan', 'eve'].map((name) => one.submit(seatsRequest(take(name)))));
    expect(names(store.events(SEATS_STREAM))).toEqual(['ann 0', 'bob 1', 'cho 2', 'dan 3', 'eve 4']);
  });

  it('contain a command that comes right after an answer', async () => {
    const { submit } = seatsDesk({ store: memoryStreams() });
    for (const name of ['ann', 'bob', 'cho'])
      expect(await submit(seatsRequest(take(name)))).toMatchObject({ kind: 'done' });
  });

  it('are split when they are too large for one append', async () => {
    const store = memoryStreams();
    const tooLarge: typeof store.append = async (stream, events, expected) =>
      events.length > 1 ? { ok: false, reason: 'too-large' } : store.append(stream, events, expected);
    const { submit } = seatsDesk({ store: { ...store, append: tooLarge } });
    const outcomes = await Promise.all([
      submit(seatsRequest(take('ann'))),
      submit(seatsRequest(take('bob'))),
      submit(seatsRequest(leave('ann', 2))),
      submit(seatsRequest(take('bob'))),
      submit(seatsRequest(take('cho'))),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['done', 'done', 'too-large', 'refused', 'done']);
    expect(names(store.events(SEATS_STREAM))).toEqual(['ann', 'bob', 'cho']);
  });
});

describe('an append that fails', () => {
  it('is repeated without an answer, and written once', async () => {
    const store = memoryStreams(undefined, fates('answer-lost', 'lost', 'answered'));
    const { submit } = seatsDesk({ store });
    expect(await submit(seatsRequest(take('ann')))).toMatchObject({ kind: 'done', revision: 0n });
    expect(names(store.events(SEATS_STREAM))).toEqual(['ann']);
  });

  it('has an unknown outcome after a few attempts, which a repeated command finds out', async () => {
    const store = memoryStreams(undefined, fates('answer-lost', 'lost', 'lost'));
    const { submit } = seatsDesk({ store });
    expect(await submit(seatsRequest(take('ann'), 'k-1'))).toEqual({ kind: 'unavailable', uncertain: true });
    expect(await submit(seatsRequest(take('ann'), 'k-1'))).toMatchObject({ kind: 'done', revision: 0n });
    expect(names(store.events(SEATS_STREAM))).toEqual(['ann']);
  });

  it('differs from a failed read, after which nothing was done', async () => {
    const store = memoryStreams();
    const read: typeof store.read = async function* () {
      yield* [];
      throw new StoreUnavailableError('away');
    };
    await seatsDesk({ store }).submit(seatsRequest(take('ann')));
    const { submit } = seatsDesk({ store: { ...store, read } });
    for (const command of [leave('ann'), take('bob')])
      expect(await submit(seatsRequest(command))).toEqual({ kind: 'unavailable', uncertain: false });
    expect(names(store.events(SEATS_STREAM))).toEqual(['ann']);
  });
});

describe('the first command of a stream', () => {
  /** Ann has come, left and come again, by another process. */
  const knownStream = async () => {
    const store = memoryStreams();
    const there = seatsDesk({ store });
    const first = await there.submit(seatsRequest(take('ann'), 'k-1'));
    for (const command of [leave('ann'), take('ann'), take('bob')]) await there.submit(seatsRequest(command));
    return { store, first };
  };

  it('is appended to a new stream without a read', async () => {
    const store = memoryStreams();
    const { submit } = seatsDesk({ store });
    expect(await submit(seatsRequest(take('ann')))).toMatchObject({ kind: 'done', revision: 0n });
    expect(await submit(seatsRequest(take('bob')))).toMatchObject({ kind: 'done', revision: 1n });
    expect(store.calls).toEqual({ append: 2, read: 0 });
  });

  it('is decided on the events of the stream when it is not new', async () => {
    const { store } = await knownStream();
    const conflicts: unknown[] = [];
    const observe = { conflicted: () => conflicts.push(1) };
    expect(await seatsDesk({ store }).submit(seatsRequest(take('bob')))).toMatchObject({
      refusal: { refused: 'taken' },
    });
    expect(await seatsDesk({ store, observe }).submit(seatsRequest(take('cho')))).toMatchObject({ revision: 4n });
    expect(names(store.events(SEATS_STREAM))).toEqual(['ann', 'ann', 'ann', 'bob', 'cho']);
    expect(conflicts).toEqual([]);
  });

  it('is refused only after the stream was read', async () => {
    const { store } = await knownStream();
    expect(await seatsDesk({ store }).submit(seatsRequest(leave('bob')))).toMatchObject({ kind: 'done' });
    expect(await seatsDesk({ store: memoryStreams() }).submit(seatsRequest(leave('bob')))).toMatchObject({
      refusal: { refused: 'not-there' },
    });
  });

  it('has its first answer when it is repeated, and commands beside it have a current one', async () => {
    const { store, first } = await knownStream();
    const { submit } = seatsDesk({ store });
    const answers = await Promise.all([
      submit(seatsRequest(look)),
      submit(seatsRequest(leave('bob'))),
      submit(seatsRequest(take('ann'), 'k-1')),
      submit(seatsRequest(take('ann'))),
      submit(seatsRequest(leave('ann'))),
    ]);
    expect(answers).toMatchObject([
      { kind: 'done', events: [], revision: 3n },
      { kind: 'done', revision: 4n },
      first,
      { kind: 'refused', refusal: { refused: 'taken' } },
      { kind: 'done', revision: 5n },
    ]);
    expect(names(store.events(SEATS_STREAM))).toEqual(['ann', 'ann', 'ann', 'bob', 'bob', 'ann']);
  });

  it('never causes a refusal from an unread stream, however many commands are repeated', async () => {
    const store = memoryStreams();
    const there = seatsDesk({ store });
    const again = [seatsRequest(take('ann'), 'k-1'), seatsRequest(take('bob'), 'k-2')] as const;
    const firsts = [await there.submit(again[0]), await there.submit(again[1])];
    for (const name of ['ann', 'bob']) await there.submit(seatsRequest(leave(name)));

    const { submit } = seatsDesk({ store });
    const together = [again[0], seatsRequest(take('ann')), again[1]].map((request) => submit(request));
    expect(await Promise.all(together)).toMatchObject([firsts[0], { kind: 'done', revision: 4n }, firsts[1]]);
  });

  it('is a different command from a new one with the same id', async () => {
    const { store } = await knownStream();
    expect(await seatsDesk({ store }).submit(seatsRequest(take('dan'), 'k-1'))).toEqual({ kind: 'key-reused' });
  });
});

describe('a trial', () => {
  const wrong = { ifMatch: [9n] };

  it('appends nothing for a command that would be done, and leaves it to be done under the same id', async () => {
    const store = memoryStreams();
    const { attempt, submit } = seatsDesk({ store });
    for (const command of [take('ann'), look]) {
      const request = seatsRequest(command);
      expect(await attempt(request)).toEqual({ kind: 'tried' });
      expect(await attempt(request)).toEqual({ kind: 'tried' });
      expect(await submit(request)).toMatchObject({ kind: 'done' });
    }
    expect(names(store.events(SEATS_STREAM))).toEqual(['ann']);
  });

  it('has the outcome of a command that would not be done', async () => {
    const store = memoryStreams();
    await seatsDesk({ store }).submit(seatsRequest(take('ann'), 'k-1'));
    const trials = [
      seatsRequest(take('ann')),
      seatsRequest(take('bob'), undefined, wrong),
      seatsRequest(take('bob'), 'k-1'),
      seatsRequest(take('bob'), undefined, { ownedBy: 'bob' }),
      seatsRequest(broken),
    ];
    const kinds = ['refused', 'stale', 'key-reused', 'not-owner', 'failed'];
    for (const { attempt } of [seatsDesk({ store }), seatsDesk({ store })])
      expect((await Promise.all(trials.map(attempt))).map(({ kind }) => kind)).toEqual(kinds);
  });

  it('has the outcome of the command that it repeats, whatever its precondition', async () => {
    const store = memoryStreams();
    const here = seatsDesk({ store });
    const first = await here.submit(seatsRequest(take('ann'), 'k-1'));
    for (const { attempt } of [here, seatsDesk({ store })])
      expect(await attempt(seatsRequest(take('ann'), 'k-1', wrong))).toEqual({ ...first, isReplayed: true });
    const unchanged = await here.submit(seatsRequest(look, 'k-2'));
    expect(await here.attempt(seatsRequest(look, 'k-2', wrong))).toEqual({ ...unchanged, isReplayed: true });
  });

  it('rests on the events of other processes, too', async () => {
    const store = memoryStreams();
    const [here, there] = [seatsDesk({ store }), seatsDesk({ store })];
    await here.submit(seatsRequest(take('ann')));
    await there.submit(seatsRequest(take('bob'), 'k-1'));
    expect(await here.attempt(seatsRequest(take('bob'), 'k-1'))).toMatchObject({ kind: 'done', revision: 1n });
    expect(await here.attempt(seatsRequest(take('bob')))).toMatchObject({ kind: 'refused' });
  });

  it('is decided as one, on the events of the commands before it', async () => {
    const trials: (boolean | undefined)[] = [];
    const noting = {
      ...seats,
      decide: (...[command, taken, input]: Parameters<typeof seats.decide>) => {
        trials.push(input.isTrial);
        return seats.decide(command, taken, input);
      },
    };
    const { attempt, submit } = seatsDesk({ store: memoryStreams(), decider: noting });
    await submit(seatsRequest(take('ann')));
    trials.length = 0;
    const outcomes = [submit(seatsRequest(take('bob'))), attempt(seatsRequest(take('bob')))];
    expect((await Promise.all(outcomes)).map(({ kind }) => kind)).toEqual(['done', 'refused']);
    expect(trials.slice(0, 2)).toEqual([false, true]);
  });
});

describe('another process', () => {
  it('conflicts: its events are read and the commands are decided again', async () => {
    const store = memoryStreams();
    const [here, there] = [seatsDesk({ store }), seatsDesk({ store })];
    await here.submit(seatsRequest(take('ann')));
    await there.submit(seatsRequest(take('bob')));
    await there.submit(seatsRequest(take('cho')));
    expect(await here.submit(seatsRequest(take('dan')))).toMatchObject({ refusal: { refused: 'full' } });
    expect(names(store.events(SEATS_STREAM))).toEqual(['ann', 'bob', 'cho']);
  });

  it('makes room: a refusal never rests on an outdated state', async () => {
    const store = memoryStreams();
    const [here, there] = [seatsDesk({ store }), seatsDesk({ store })];
    for (const name of ['ann', 'bob', 'cho']) await here.submit(seatsRequest(take(name)));
    expect(await here.submit(seatsRequest(take('dan')))).toMatchObject({ refusal: { refused: 'full' } });
    await there.submit(seatsRequest(leave('ann')));
    expect(await here.submit(seatsRequest(take('dan')))).toMatchObject({ kind: 'done' });
  });

  it('did a command that comes again: its append confirms no refusal beside it', async () => {
    const { way, close, open } = gate();
    const store = memoryStreams();
    const answeredLate: typeof store.append = async (...args) => {
      const result = await store.append(...args);
      await way();
      return result;
    };
    const [here, there] = [seatsDesk({ store: { ...store, append: answeredLate } }), seatsDesk({ store })];
    await here.submit(seatsRequest(look));
    close();
    const before = here.submit(seatsRequest(take('ann')));
    const again = seatsRequest(take('bob'), 'k-1');
    const first = await there.submit(again);
    await there.submit(seatsRequest(leave('ann')));

    const together = [again, seatsRequest(take('ann')), seatsRequest(take('bob'))].map((request) =>
      here.submit(request),
    );
    open();
    expect(await before).toMatchObject({ kind: 'done', revision: 0n });
    expect(await Promise.all(together)).toMatchObject([
      first,
      { kind: 'done', revision: 3n },
      { kind: 'refused', refusal: { refused: 'taken' } },
    ]);
  });

  it('that is always faster ends the command', async () => {
    const store = memoryStreams();
    const append: typeof store.append = async () => ({ ok: false, reason: 'conflict' });
    const { submit } = seatsDesk({ store: { ...store, append } });
    expect(await submit(seatsRequest(take('ann')))).toEqual({ kind: 'conflicting' });
  });
});

describe('a stream that lacks events', () => {
  const ways: [name: string, cut: (store: MemoryStreams) => unknown][] = [
    ['was deleted', (store) => store.deleteStream(SEATS_STREAM)],
    ['keeps its last event', (store) => store.keepLast(SEATS_STREAM, 1)],
  ];

  it.each(ways)('takes no command when it %s', async (_name, cut) => {
    const store = memoryStreams();
    const before = seatsDesk({ store });
    await before.submit(seatsRequest(take('ann')));
    await before.submit(seatsRequest(take('bob')));
    cut(store);
    const errors: unknown[] = [];
    const { submit } = seatsDesk({ store, onError: (error) => errors.push(error) });
    for (const command of [take('ann'), look, leave('ann')])
      expect(await submit(seatsRequest(command))).toEqual({
        kind: 'truncated',
        detail: expect.stringContaining(SEATS_STREAM),
      });
    expect(errors).toHaveLength(3);
    expect(store.all()).toHaveLength(2);
  });

  it('takes no command of a process that knew it, once it was deleted', async () => {
    const store = memoryStreams();
    const { submit } = seatsDesk({ store });
    await submit(seatsRequest(take('ann')));
    store.deleteStream(SEATS_STREAM);
    expect(await submit(seatsRequest(take('ann')))).toMatchObject({ kind: 'truncated' });
    expect(store.all()).toHaveLength(1);
  });

  it('takes no more than one event of a policy once it was deleted', async () => {
    const store = memoryStreams();
    await seatsDesk({ store }).submit(seatsRequest(take('ann')));
    store.deleteStream(SEATS_STREAM);
    const { submit } = seatsDesk({ store });
    const request = seatsRequest(take('ann'));
    const metadata = { ...request.metadata, actor: 'policy:seats' };
    expect(await submit({ ...request, metadata })).toMatchObject({ kind: 'truncated' });
    for (const command of [take('bob'), look])
      expect(await submit(seatsRequest(command))).toMatchObject({ kind: 'truncated' });
    expect(store.all()).toHaveLength(2);
  });

  it('takes no command when a part in its middle is missing', async () => {
    const store = memoryStreams();
    const before = seatsDesk({ store });
    for (const name of ['ann', 'bob', 'cho']) await before.submit(seatsRequest(take(name)));
    const read: typeof store.read = async function* (...given) {
      for await (const event of store.read(...given)) if (event.revision !== 1n) yield event;
    };
    const { submit } = seatsDesk({ store: { ...store, read } });
    expect(await submit(seatsRequest(take('dan')))).toMatchObject({ kind: 'truncated' });
    expect(store.all()).toHaveLength(3);
  });
});

describe('a repeated command', () => {
  it('has the same answer, after the first, together with it, and after a restart', async () => {
    const store = memoryStreams();
    const { submit } = seatsDesk({ store });
    const [first, together] = await Promise.all([
      submit(seatsRequest(take('ann'), 'k-1')),
      submit(seatsRequest(take('ann'), 'k-1')),
    ]);
    const again = await submit(seatsRequest(take('ann'), 'k-1'));
    const restarted = await seatsDesk({ store }).submit(seatsRequest(take('ann'), 'k-1'));
    expect(first).toMatchObject({ kind: 'done', revision: 0n });
    expect([together, again, restarted]).toEqual([replayed(first), replayed(first), replayed(first)]);
    expect(store.events(SEATS_STREAM)).toHaveLength(1);
  });

  it('has the same answer after other commands, for as many commands as are remembered', async () => {
    const store = memoryStreams();
    const { submit } = seatsDesk({ store });
    const first = await submit(seatsRequest(take('ann'), 'k-1'));
    for (let count = 0; count < REMEMBERED_COMMANDS / 2 - 1; count++) {
      void submit(seatsRequest(take('bob')));
      await submit(seatsRequest(leave('bob')));
    }
    expect(await submit(seatsRequest(take('ann'), 'k-1'))).toEqual(replayed(first));
    expect(await seatsDesk({ store }).submit(seatsRequest(take('ann'), 'k-1'))).toEqual(replayed(first));
  });

  it('has all of its events in its answer', async () => {
    const store = memoryStreams();
    const { submit } = seatsDesk({ store });
    await submit(seatsRequest(take('ann')));
    const first = await submit(seatsRequest(leave('ann', 40), 'k-1'));
    await submit(seatsRequest(take('bob')));
    expect(first).toMatchObject({ kind: 'done', revision: 40n });
    expect(await submit(seatsRequest(leave('ann', 40), 'k-1'))).toEqual(replayed(first));
  });

  it.each([15, 16, 17, 32, 40])('has the same answer when its %i events are the last of the stream', async (times) => {
    const store = memoryStreams();
    const read: typeof store.read = (...args) => {
      if (store.calls.read > 20) throw new Error('it reads without end');
      return store.read(...args);
    };
    const { submit } = seatsDesk({ store: { ...store, read } });
    await submit(seatsRequest(take('ann')));
    const first = await submit(seatsRequest(leave('ann', times), 'k-1'));
    expect(first).toMatchObject({ kind: 'done', events: Array.from({ length: times }, () => ({ type: 'Left' })) });
    expect(await submit(seatsRequest(leave('ann', times), 'k-1'))).toEqual(replayed(first));
  });

  it('is a different command when its data differ', async () => {
    const { submit } = seatsDesk({ store: memoryStreams() });
    const together = await Promise.all([
      submit(seatsRequest(take('ann'), 'k-1')),
      submit(seatsRequest(take('bob'), 'k-1')),
    ]);
    expect(together).toMatchObject([{ kind: 'done' }, { kind: 'key-reused' }]);
    expect(await submit(seatsRequest(take('bob'), 'k-1'))).toEqual({ kind: 'key-reused' });
  });
});

describe('a repeated command that is named by its content', () => {
  const takeAnn = () => seatsRequest(take('ann'), 'content', { isNamedByContent: true });
  const left = { kind: 'refused', refusal: { refused: 'left' } };

  it('has the first answer while its result stands, also after a restart and in another process', async () => {
    const store = memoryStreams();
    const [here, there] = [seatsDesk({ store }), seatsDesk({ store })];
    await there.submit(seatsRequest(look));
    const first = await here.submit(takeAnn());
    await here.submit(seatsRequest(take('bob')));
    for (const { submit } of [here, there, seatsDesk({ store })])
      expect(await submit(takeAnn())).toEqual(replayed(first));
    expect(names(store.events(SEATS_STREAM))).toEqual(['ann', 'bob']);
  });

  it('is refused after its result has ended, also after a restart and in another process', async () => {
    const store = memoryStreams();
    const [here, there] = [seatsDesk({ store }), seatsDesk({ store })];
    await there.submit(seatsRequest(look));
    await here.submit(takeAnn());
    await here.submit(seatsRequest(leave('ann')));
    for (const { submit } of [here, there, seatsDesk({ store })]) expect(await submit(takeAnn())).toEqual(left);
    expect(names(store.events(SEATS_STREAM))).toEqual(['ann', 'ann']);
  });

  it('is refused when its result ends in the same append', async () => {
    const store = memoryStreams();
    const { submit } = seatsDesk({ store });
    await submit(seatsRequest(look));
    const requests = [takeAnn(), takeAnn(), seatsRequest(leave('ann')), takeAnn(), seatsRequest(take('bob'))];
    const [first, ...others] = await Promise.all(requests.map((request) => submit(request)));
    expect(others).toMatchObject([{ isReplayed: true }, { kind: 'done' }, left, { kind: 'done' }]);
    expect(first).not.toHaveProperty('isReplayed');
    expect(names(store.events(SEATS_STREAM))).toEqual(['ann', 'ann', 'bob']);
  });

  it('does not trust a state that another process has changed, also beside commands that it appends', async () => {
    const store = memoryStreams();
    const [here, there] = [seatsDesk({ store }), seatsDesk({ store })];
    await here.submit(takeAnn());
    await there.submit(seatsRequest(leave('ann')));
    expect(await Promise.all([here.submit(seatsRequest(take('bob'))), here.submit(takeAnn())])).toMatchObject([
      { kind: 'done', revision: 2n },
      left,
    ]);
  });

  it('is recognised when another process did it and ended its result at once', async () => {
    const store = memoryStreams();
    const [here, there] = [seatsDesk({ store }), seatsDesk({ store })];
    await here.submit(seatsRequest(look));
    await there.submit(takeAnn());
    await there.submit(seatsRequest(leave('ann')));
    expect(await here.submit(takeAnn())).toEqual(left);
  });

  it('has the first answer after its result has ended when its sender named it', async () => {
    const { submit } = seatsDesk({ store: memoryStreams() });
    const first = await submit(seatsRequest(take('ann'), 'k-1'));
    await submit(seatsRequest(leave('ann')));
    expect(await submit(seatsRequest(take('ann'), 'k-1'))).toEqual(replayed(first));
  });

  it('fails alone when the rule for its end throws', async () => {
    const errors: unknown[] = [];
    const ended = () => {
      throw new Error('a defect');
    };
    const onError = (error: unknown) => errors.push(error);
    const { submit } = seatsDesk({ store: memoryStreams(), decider: { ...seats, ended }, onError });
    await submit(takeAnn());
    expect(await submit(takeAnn())).toEqual({ kind: 'failed' });
    expect(await submit(seatsRequest(take('bob')))).toMatchObject({ kind: 'done' });
    expect(errors).not.toEqual([]);
  });
});

describe('a repeated command that changes nothing', () => {
  const nobody = (name: string) => leave(name, 0);

  it('has its first answer after other commands', async () => {
    const store = memoryStreams();
    const { submit } = seatsDesk({ store });
    await submit(seatsRequest(take('ann')));
    const first = await submit(seatsRequest(nobody('ann'), 'k-1'));
    expect(first).toMatchObject({ kind: 'done', events: [], revision: 0n });
    await submit(seatsRequest(leave('ann')));
    expect(await submit(seatsRequest(nobody('ann'), 'k-1'))).toEqual(replayed(first));
    expect(store.events(SEATS_STREAM)).toHaveLength(2);
  });

  it('is a different command when its data differ, also while the first one waits', async () => {
    const store = memoryStreams();
    const { submit } = seatsDesk({ store });
    await submit(seatsRequest(take('ann')));
    const outcomes = await Promise.all([
      submit(seatsRequest(nobody('ann'), 'k-1')),
      submit(seatsRequest(take('bob'), 'k-1')),
      submit(seatsRequest(nobody('ann'), 'k-1')),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['done', 'key-reused', 'done']);
    expect(await submit(seatsRequest(take('bob'), 'k-1'))).toEqual({ kind: 'key-reused' });
    expect(names(store.events(SEATS_STREAM))).toEqual(['ann']);
  });

  it('is remembered while the event store fails', async () => {
    const store = memoryStreams(undefined, fates('answered', 'lost', 'lost', 'lost'));
    const { submit } = seatsDesk({ store });
    await submit(seatsRequest(take('ann')));
    const first = await submit(seatsRequest(nobody('ann'), 'k-1'));
    expect(await submit(seatsRequest(leave('ann')))).toEqual({ kind: 'unavailable', uncertain: true });
    await submit(seatsRequest(leave('ann')));
    expect(await submit(seatsRequest(nobody('ann'), 'k-1'))).toEqual(replayed(first));
  });

  it('is answered from the stream when another process appended events under its id', async () => {
    const store = memoryStreams();
    const [here, there] = [seatsDesk({ store }), seatsDesk({ store })];
    await here.submit(seatsRequest(take('ann')));
    expect(await here.submit(seatsRequest(nobody('ann'), 'k-1'))).toMatchObject({ events: [] });
    expect(await there.submit(seatsRequest(take('bob'), 'k-1'))).toMatchObject({ revision: 1n });
    await here.submit(seatsRequest(take('cho')));
    expect(await here.submit(seatsRequest(nobody('ann'), 'k-1'))).toEqual({ kind: 'key-reused' });
  });

  it('is a new command after as many others as are remembered, and in another process', async () => {
    const store = memoryStreams();
    const { submit } = seatsDesk({ store });
    await submit(seatsRequest(take('ann')));
    const first = await submit(seatsRequest(nobody('ann'), 'k-1'));
    await submit(seatsRequest(leave('ann')));
    const refused = { kind: 'refused', refusal: { refused: 'not-there' } };
    expect(await seatsDesk({ store }).submit(seatsRequest(nobody('ann'), 'k-1'))).toEqual(refused);
    for (let count = 1; count < REMEMBERED_COMMANDS; count++) await submit(seatsRequest(look));
    expect(await submit(seatsRequest(nobody('ann'), 'k-1'))).toEqual(replayed(first));
    await submit(seatsRequest(look));
    expect(await submit(seatsRequest(nobody('ann'), 'k-1'))).toEqual(refused);
  });
});

describe('a thing with an owner', () => {
  const owned: typeof seats = {
    ...seats,
    owner: ({ data: { name } }, taken) => (taken.includes(name) ? name : undefined),
  };

  it('looks like a missing one to others, whatever their command contains', async () => {
    const { submit } = seatsDesk({ store: memoryStreams(), decider: owned });
    await submit(seatsRequest(take('ann')));
    const ask = (name: string, rest: object = {}) =>
      submit(seatsRequest(leave(name), undefined, { ...rest, ownedBy: 'bob' }));
    const outcomes = await Promise.all([
      ask('ann'),
      ask('eve'),
      ask('ann', { ifMatch: [7n] }),
      ask('eve', { ifMatch: [7n] }),
      ask('ann', { ifNoneMatch: true }),
      ask('eve', { ifNoneMatch: true }),
    ]);
    expect(outcomes).toEqual(outcomes.map(() => ({ kind: 'not-owner' })));
  });

  it('is accessible to its owner', async () => {
    const { submit } = seatsDesk({ store: memoryStreams(), decider: owned });
    await submit(seatsRequest(take('ann')));
    const own = { ownedBy: 'ann' };
    expect(await submit(seatsRequest(leave('ann'), undefined, { ...own, ifMatch: [7n] }))).toMatchObject({
      kind: 'stale',
    });
    expect(await submit(seatsRequest(leave('ann'), undefined, own))).toMatchObject({ kind: 'done', revision: 1n });
  });
});

describe('a command that two processes decide', () => {
  const request = (command: Parameters<typeof seatsRequest>[0], time: string) => {
    const made = seatsRequest(command, 'k-1');
    return { ...made, metadata: { ...made.metadata, time } };
  };

  /** Two processes with the same state in memory; the command comes to one and, a minute later, to the other. */
  const delivered = async () => {
    const store = memoryStreams();
    const processes = [0, 1].map(() => seatsDesk({ store, decider: stampedSeats })) as [Desk, Desk];
    await processes[0].submit(seatsRequest(take('ann')));
    await processes[1].submit(seatsRequest(look));
    const answers = [
      await processes[0].submit(request(take('bob'), '2026-01-31T09:00:00.000Z')),
      await processes[1].submit(request(take('bob'), '2026-01-31T09:01:00.000Z')),
    ];
    return { store, processes, answers };
  };

  it('is answered from the stream, with the time of the first decision', async () => {
    const { store, answers } = await delivered();
    expect(answers[0]).toMatchObject({
      kind: 'done',
      events: [{ data: { name: 'bob', at: '2026-01-31T09:00:00.000Z' } }],
    });
    expect(answers[1]).toEqual(replayed(answers[0]!));
    expect(store.events(SEATS_STREAM)).toHaveLength(2);
  });

  it('leaves both with the state of the stream', async () => {
    const { store, processes } = await delivered();
    await processes[1].submit(seatsRequest(leave('bob')));
    expect(store.events(SEATS_STREAM).at(-1)?.data).toEqual({ name: 'bob', since: '2026-01-31T09:00:00.000Z' });
  });

  it('is written once when both decide the same', async () => {
    const store = memoryStreams();
    const [here, there] = [seatsDesk({ store }), seatsDesk({ store })];
    await here.submit(seatsRequest(take('ann')));
    await there.submit(seatsRequest(look));
    const answers = [
      await here.submit(seatsRequest(take('bob'), 'k-1')),
      await there.submit(seatsRequest(take('bob'), 'k-1')),
    ];
    expect(answers[1]).toEqual(replayed(answers[0]!));
    expect(names(store.events(SEATS_STREAM))).toEqual(['ann', 'bob']);
  });
});

describe('preconditions', () => {
  it('hold for the revision before the command, also within a batch', async () => {
    const { submit } = seatsDesk({ store: memoryStreams() });
    const outcomes = await Promise.all([
      submit(seatsRequest(take('ann'), undefined, { ifMatch: '*' })),
      submit(seatsRequest(take('ann'), undefined, { ifNoneMatch: true })),
      submit(seatsRequest(take('bob'), undefined, { ifMatch: [7n, 0n] })),
      submit(seatsRequest(take('cho'), undefined, { ifMatch: [0n] })),
      submit(seatsRequest(take('cho'), undefined, { ifNoneMatch: true })),
    ]);
    expect(outcomes).toMatchObject([
      { kind: 'stale', revision: -1n },
      { kind: 'done', revision: 0n },
      { kind: 'done', revision: 1n },
      { kind: 'stale', revision: 1n },
      { kind: 'stale', revision: 1n },
    ]);
  });
});

describe('failures', () => {
  it('a decision that throws fails only its own command', async () => {
    const errors: unknown[] = [];
    const store = memoryStreams();
    const { submit } = seatsDesk({ store, onError: (error) => errors.push(error) });
    await submit(seatsRequest(look));
    const outcomes = await Promise.all([
      submit(seatsRequest(take('ann'))),
      submit(seatsRequest(broken)),
      submit(seatsRequest(take('bob'))),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['done', 'failed', 'done']);
    expect(new Set(errors.map((error) => (error as Error).message))).toEqual(new Set(['a defect']));
  });

  it('a command is dropped undecided when its client has gone', async () => {
    const { way, close, open } = gate();
    const store = memoryStreams(way);
    const { submit } = seatsDesk({ store });
    close();
    let isAbandoned = false;
    const first = submit(seatsRequest(take('ann')));
    const second = submit(seatsRequest(take('bob'), undefined, { isAbandoned: () => isAbandoned }));
    isAbandoned = true;
    open();
    expect([await first, await second]).toMatchObject([{ kind: 'done' }, { kind: 'dropped' }]);
    expect(names(store.events(SEATS_STREAM))).toEqual(['ann']);
  });

  it('a stream with events of a newer version refuses commands until the version is known', async () => {
    const store = memoryStreams();
    await seatsDesk({ store }).submit(seatsRequest(take('ann')));
    let isUnderstood = false;
    const { submit } = seatsDesk({
      store,
      upcast: ({ type, data }) => {
        if (!isUnderstood) throw new UnknownEventVersionError('newer');
        return { type, data: data as object };
      },
    });
    expect(await submit(seatsRequest(take('bob')))).toEqual({ kind: 'too-new' });
    isUnderstood = true;
    expect(await submit(seatsRequest(take('bob')))).toMatchObject({ kind: 'done', revision: 1n });
  });

  it('a command that changes nothing appends nothing', async () => {
    const store = memoryStreams();
    const { submit } = seatsDesk({ store });
    await submit(seatsRequest(take('ann')));
    expect(await submit(seatsRequest(look))).toMatchObject({ kind: 'done', events: [], revision: 0n });
    expect(store.calls.append).toBe(1);
  });
});

describe('snapshots', () => {
  const SNAPSHOTS = `snapshot-${SEATS_STREAM}`;

  /** A stream of as many events, and its desk, with its snapshot written. */
  const longStream = async (events: number) => {
    const store = memoryStreams();
    const at = seatsDesk({ store });
    for (let count = 0; count < events / 2; count++) {
      void at.submit(seatsRequest(take('ann')));
      await at.submit(seatsRequest(leave('ann')));
    }
    await at.submit(seatsRequest(take('bob'), 'k-1'));
    await at.leave();
    return { store, at };
  };

  it('replace reading the events before them', async () => {
    const { store } = await longStream(600);
    expect(store.events(SNAPSHOTS)).toHaveLength(1);
    let folded = 0;
    const counting = {
      ...seats,
      evolve: (...args: Parameters<typeof seats.evolve>) => {
        folded += 1;
        return seats.evolve(...args);
      },
    };
    const restarted = seatsDesk({ store, decider: counting });
    expect(await restarted.submit(seatsRequest(take('bob')))).toMatchObject({ refusal: { refused: 'taken' } });
    expect(await restarted.submit(seatsRequest(take('bob'), 'k-1'))).toMatchObject({ kind: 'done', revision: 600n });
    expect(folded).toBeLessThan(50);
  });

  it('are optional: the state is the same without them', async () => {
    const { store } = await longStream(600);
    store.deleteStream(SNAPSHOTS);
    const restarted = seatsDesk({ store });
    expect(await restarted.submit(seatsRequest(take('bob')))).toMatchObject({ refusal: { refused: 'taken' } });
    expect(await restarted.submit(seatsRequest(take('ann')))).toMatchObject({ kind: 'done', revision: 601n });
  });

  it('of another version of the fold are ignored', async () => {
    const { store } = await longStream(600);
    const evolve = vi.fn(seats.evolve);
    const restarted = seatsDesk({ store, decider: { ...seats, evolve, snapshotVersion: 2 } });
    expect(await restarted.submit(seatsRequest(take('bob')))).toMatchObject({ refusal: { refused: 'taken' } });
    expect(evolve.mock.calls.length).toBeGreaterThan(600);
  });

  it('that cannot be read are ignored and reported', async () => {
    const { store } = await longStream(600);
    const metadata = { revision: '600', version: 1, part: 0, parts: 1 };
    await store.put(SNAPSHOTS, { type: 'Snapshot', data: Buffer.from('not gzip'), metadata });
    const errors: unknown[] = [];
    const restarted = seatsDesk({ store, onError: (error) => errors.push(error) });
    expect(await restarted.submit(seatsRequest(take('bob')))).toMatchObject({ refusal: { refused: 'taken' } });
    expect(errors).toHaveLength(1);
  });

  it('are not written of a state with erased data: the stream is read again', async () => {
    let erasures = 0;
    const snapshots = {
      snapshotErasures: async () => erasures,
      sealSnapshot: async (_stream: string, packed: Uint8Array, known: number) =>
        known === erasures ? new Uint8Array([known, ...packed]) : undefined,
      openSnapshot: async (_stream: string, packed: Uint8Array) =>
        packed[0] === erasures ? packed.subarray(1) : undefined,
    };
    const store = { ...memoryStreams(), snapshots };
    const upcast = ({ type, data }: StoredEvent) => {
      const { name } = data as { name: string };
      return { type, data: { name: erasures > 0 && name === 'bob' ? '(erased)' : name } };
    };
    const onError = (error: unknown) => expect.unreachable(String(error));
    const at = seatsDesk({ store, upcast, onError });
    const change = async () => {
      for (let count = 0; count < 300; count++) {
        await at.submit(seatsRequest(take('ann')));
        await at.submit(seatsRequest(leave('ann')));
      }
    };
    const written = () => vi.waitUntil(async () => (await readSnapshot(store, SEATS_STREAM, 1, onError))?.state);
    await at.submit(seatsRequest(take('bob')));
    await change();
    expect(await written()).toContain('bob');
    erasures = 1;
    expect(await readSnapshot(store, SEATS_STREAM, 1, onError)).toBeUndefined();
    await change();
    expect(await written()).toContain('(erased)');
    await vi.waitUntil(async () => (await at.submit(seatsRequest(take('bob')))).kind === 'done');
  });

  it('of a deleted stream are ignored', async () => {
    const { store } = await longStream(600);
    store.deleteStream(SEATS_STREAM);
    expect(await seatsDesk({ store }).submit(seatsRequest(take('bob')))).toMatchObject({ kind: 'truncated' });
  });

  it('replace the events before them also when only these were removed', async () => {
    const { store } = await longStream(600);
    await store.keepLast(SEATS_STREAM, 1);
    expect(await seatsDesk({ store }).submit(seatsRequest(take('ann')))).toMatchObject({ kind: 'done' });
  });
});
