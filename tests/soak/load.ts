import { setTimeout as pause } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import type { HttpAnswer, SentRequest } from '../simulation/http.ts';
import type { Random } from '../simulation/random.ts';
import { createChoice } from '../simulation/workload/choice.ts';
import type { Command, Query } from '../simulation/workload/clients.ts';
import { type Made, makeCommand, makeQuery } from '../simulation/workload/commands.ts';

/** The clients of a soak, and the answers that they got. */
export type Load = {
  readonly commands: readonly Command[];
  readonly queries: readonly Query[];
  /** Attempts that got 5xx, by status and problem, and those without an answer. */
  readonly failures: ReadonlyMap<string, number>;
  /** Events that the pages received. */
  readonly received: number;
  readonly wrong: readonly string[];
  /** Lets every client finish. */
  stop(): Promise<void>;
};

/** Requests in flight; above it clients wait, so that an outage does not end in a flood. */
const MOST_AT_ONCE = 400;
const QUERIES_A_COMMAND = 0.4;
const MOST_TRIES = 40;
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 2_000;
const ANSWERED_WITHIN = 30_000;
/** Pages of the control centre, each open for up to so many milliseconds. */
const PAGES = 8;
const PAGE_OPEN = 60_000;
const CUSTOMERS = 5_000;

/** Commands of many customers. Those who are erased have no reservations. */
const ofCustomers = (random: Random): SentRequest => {
  const id = random.below(CUSTOMERS);
  if (random.chance(0.1)) return { method: 'DELETE', path: `/customers/once${id}` };
  const contact = { name: `홍길동 ${id}`, email: `c${id}@example.com`, language: 'ko' };
  return { method: 'PUT', path: `/customers/${random.pick(['c', 'once'])}${id}/contact`, body: contact };
};

/**
 * Sends commands and queries of every context at a steady rate, and opens pages that follow the events. A command
 * without an answer is sent again under its key.
 * @param rate commands a second
 */
export const startLoad = (url: string, rate: number, random: Random): Load => {
  const began = performance.now();
  const choice = createChoice(random, Date.now, () => performance.now() - began);
  const commands: Command[] = [];
  const queries: Query[] = [];
  const failures = new Map<string, number>();
  const wrong: string[] = [];
  const seen = { position: 0 };
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  let received = 0;

  const failed = (what: string) => void failures.set(what, (failures.get(what) ?? 0) + 1);

  const send = async ({ method, path, headers = {}, body }: SentRequest): Promise<HttpAnswer | undefined> => {
    try {
      const response = await fetch(url + path, {
        method,
        headers: { ...headers, ...(body && { 'Content-Type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(ANSWERED_WITHIN),
      });
      const text = await response.text();
      const { status } = response;
      // A shop that takes no more orders has not failed.
      if (status >= 500 && !text.includes('/problems/shop-overloaded'))
        failed(`${status} ${/"type":"([^"]*)"/.exec(text)?.[1]}`);
      return { status, headers: Object.fromEntries(response.headers), body: text };
    } catch (error) {
      const { cause, message } = error as Error;
      failed(`no answer: ${cause instanceof Error ? cause.message.replace(/:\d+/, '') : message}`);
      return undefined;
    }
  };

  const command = async (): Promise<void> => {
    const made: Made = random.chance(0.04) ? ofCustomers(random) : makeCommand(choice);
    const { makes, ...rest } = made;
    const key = `key-${commands.length}`;
    const request = { ...rest, headers: { 'Idempotency-Key': key } };
    const sent: Command = { request, key, calledAt: Date.now(), answers: [], doneAt: 0 };
    commands.push(sent);
    let isRepeated = random.chance(0.05);
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const answer = await send(request);
      if (answer) sent.answers.push({ at: Date.now(), answer });
      const position = Number(answer?.headers['event-position'] ?? 0);
      seen.position = Math.max(seen.position, position);
      if (answer && answer.status < 500) {
        if (makes && answer.status < 300) choice.add(makes.kind, makes.id);
        if (!isRepeated) break;
        isRepeated = false;
      } else {
        // A write side without an answer may still append.
        sent.doneAt = Number.POSITIVE_INFINITY;
        await pause(Math.min(LONGEST_PAUSE, FIRST_PAUSE * 1.5 ** tries));
      }
    }
    sent.doneAt = Math.max(sent.doneAt, Date.now());
  };

  const query = async (): Promise<void> => {
    const path = makeQuery(choice);
    const minimum = random.chance(0.4) ? seen.position : 0;
    const headers = minimum > 0 ? { 'Min-Event-Position': `${minimum}`, Prefer: 'wait=5' } : {};
    const calledAt = Date.now();
    const answer = await send({ method: 'GET', path, headers });
    // Two read APIs may be at different positions, so each query is compared only with what it asked for.
    if (answer)
      queries.push({
        path,
        calledAt,
        returnedAt: Date.now(),
        life: queries.length,
        minimum,
        answer: { ...answer, body: '' },
      });
  };

  /** A page that reads the control centre, follows its events, and is closed after a while. */
  const page = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const first = await send({ method: 'GET', path: '/control-center' });
      const cursor =
        first?.status === 200 ? (JSON.parse(first.body) as { eventCursor: string }).eventCursor : undefined;
      if (cursor === undefined) {
        await pause(LONGEST_PAUSE);
        continue;
      }
      const closing = AbortSignal.any([stopping.signal, AbortSignal.timeout(random.below(PAGE_OPEN))]);
      let last = '';
      const parser = createParser({
        onEvent({ id = '' }) {
          received += 1;
          if (id !== '' && id === last) wrong.push(`a page got the event ${id} twice in a row`);
          last = id;
        },
      });
      try {
        const path = `/control-center/events?after=${encodeURIComponent(cursor)}`;
        const stream = await fetch(url + path, { signal: closing });
        if (stream.status >= 500) failed(`${stream.status} events`);
        for await (const text of stream.body!.pipeThrough(new TextDecoderStream())) parser.feed(text);
      } catch {
        // The page was closed, or a process behind it has ended.
      }
    }
  };

  const start = (work: () => Promise<void>) => {
    const one: Promise<void> = work()
      .catch((error) => void wrong.push(`a client failed: ${error}`))
      .finally(() => running.delete(one));
    running.add(one);
  };
  for (let count = 0; count < PAGES; count++) start(page);
  const ticking = (async () => {
    for (let started = 0; !stopping.signal.aborted; ) {
      for (const due = ((performance.now() - began) / 1000) * rate; started < due; started++) {
        if (running.size >= MOST_AT_ONCE) continue;
        start(command);
        if (random.chance(QUERIES_A_COMMAND)) start(query);
      }
      await pause(10);
    }
  })();

  return {
    commands,
    queries,
    failures,
    wrong,
    get received() {
      return received;
    },
    async stop() {
      stopping.abort();
      await ticking;
      await Promise.all(running);
    },
  };
};
