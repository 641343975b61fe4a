import { Agent } from 'node:http';
import fc from 'fast-check';
import {
  connectEventStore,
  disconnectEventStore,
  type EventStoreClient,
} from '../../../platform/event-store/client.ts';
import { readAhead, readTail } from '../../../platform/event-store/tail.ts';
import type { StoredEvent } from '../../../platform/event-store/types.ts';
import { checkCommands, checkEffects } from '../../simulation/checkers/log.ts';
import { checkPlaces } from '../../simulation/checkers/places.ts';
import type { Command } from '../../simulation/workload/clients.ts';
import { type Answer, judge, send, shown } from './attack.ts';
import { random } from './random.ts';
import { type Described, type MakeOptions, makerOf, type Request, type Served } from './requests.ts';

export type Sequences = {
  requests: number;
  /** A report of each shortest sequence that breaks a rule. */
  findings: readonly string[];
  /** How often each operation succeeded. */
  succeeded: ReadonlyMap<string, number>;
};

type Link = { operationId: string; parameters: Readonly<Record<string, string>> };
/** An operation on a resource that an answer has named. */
type Next = { described: Described; parameters: Readonly<Record<string, string>> };

/** The kind of a step: it follows a link, begins something new, or sends an earlier command again. */
type Step = {
  how: 'follow' | 'begin' | 'repeat';
  wrong: NonNullable<MakeOptions['wrong']>;
  seed: number;
};

const AT_ONCE = 4;
const LONGEST = 24;
/** Links that a step chooses from: the latest, so that a sequence continues with what it has made. */
const LATEST = 30;
const MOST_EVENTS = 4_000;
const QUERY = 'GET';

const steps = fc.array(
  fc.record<Step>({
    how: fc.constantFrom('follow', 'follow', 'follow', 'follow', 'begin', 'begin', 'repeat'),
    wrong: fc.constantFrom([], [], [], [], [], ['body'], ['headers'], ['path'], ['query']),
    seed: fc.noShrink(fc.nat()),
  }),
  { minLength: 4, maxLength: LONGEST, size: 'max' },
);

/** Returns the value of a link's parameter (OpenAPI 3.1, 4.8.20.4); the document has only these. */
const valueIn = (expression: string, body: Record<string, unknown>): string =>
  String(body[expression.replace('$response.body#/', '')]);

/** Returns the scalar fields in which an answer and the document that it led to differ. */
const differences = (answer: Record<string, unknown>, shownAs: Record<string, unknown>): string[] =>
  Object.entries(answer).flatMap(([name, value]) => {
    const other = shownAs[name];
    return typeof value === 'object' || other === undefined || value === other
      ? []
      : [`${name} was answered as ${JSON.stringify(value)} and is shown as ${JSON.stringify(other)}`];
  });

/**
 * Sends sequences of commands and queries that follow the links of the served OpenAPI document: create, change, cancel,
 * in any order, with repeats and wrong values between. After each sequence the log must agree with the answers, and
 * each change must be shown. fast-check shortens a sequence that breaks a rule.
 * @param url of a Plaza with every context and without sign-in
 * @param seed the same sequences again
 */
export const attackInSequences = async (
  url: string,
  eventStoreUrl: string,
  count: number,
  seed: number,
): Promise<Sequences> => {
  const served = (await (await fetch(`${url}/openapi.json`)).json()) as Served;
  const { operations, make } = makerOf(served);
  const byId = new Map(operations.map((described) => [described.operation.operationId, described]));
  const links = served.components.links as Readonly<Record<string, Link>>;
  const contextOf = ({ operation }: Described) => operation.operationId.split('.')[0]!;
  const beginnings = Map.groupBy(
    operations.filter(({ method, operation: { operationId } }) => {
      const begins = method === 'PUT' || (method !== QUERY && !Object.hasOwn(links, operationId));
      return begins && operationId.includes('.');
    }),
    contextOf,
  );
  const succeeded = new Map<string, number>();
  const client = connectEventStore(eventStoreUrl);
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  let requests = 0;
  let sequences = 0;

  const linksOf = ({ operation: { responses } }: Described, { status, body }: Answer): Next[] =>
    Object.keys(responses[status]?.links ?? {}).map((id) => ({
      described: byId.get(id)!,
      parameters: Object.fromEntries(
        Object.entries(links[id]!.parameters).map(([name, from]) => [name, valueIn(from, JSON.parse(body))]),
      ),
    }));

  /** @throws Error with the requests so far, at the first broken rule */
  const play = async (context: string, given: readonly Step[]): Promise<void> => {
    const name = `s${seed}n${sequences++}`;
    const ids = ['a', 'b', 'c'].map((id) => `${name}${id}`);
    const from = await readTail(client);
    const commands: Command[] = [];
    const sent: { described: Described; request: Request; command: Command }[] = [];
    const next: Next[] = [];
    const lines: string[] = [];

    const ask = async (request: Request): Promise<Answer> => {
      requests += 1;
      const answer = await send(url, agent, request);
      lines.push(`${shown(request)}\n    ${answer.status} ${answer.body.slice(0, 300)}`);
      const [finding] = judge(request, answer);
      if (finding) throw new Error(finding);
      return answer;
    };

    /** Asks for what a command has changed, once the views have it. */
    const look = async (answer: Answer, following: readonly Next[]): Promise<void> => {
      const { location, 'event-position': position } = answer.headers;
      if (location === undefined || position === undefined) return;
      const query = following.find(
        ({ described, parameters }) =>
          described.method === QUERY &&
          described.path.replaceAll(/\{(\w+)\}/g, (_, parameter) => parameters[parameter]!) === location,
      );
      if (!query) return;
      const headers = { 'Min-Event-Position': String(position), Prefer: 'wait=30' };
      const { status, body } = await ask({ method: QUERY, path: location, headers });
      if (status !== 200) throw new Error(`${location} was changed, and is answered with ${status}`);
      // Sequences that run at the same time share the settings.
      if (Object.keys(query.parameters).length === 0) return;
      const [difference] = differences(JSON.parse(answer.body), JSON.parse(body));
      if (difference) throw new Error(`${location}: ${difference}`);
    };

    const take = async ({ how, wrong, seed: own }: Step): Promise<void> => {
      const chance = random(own);
      const again = how === 'repeat' && sent.length > 0 ? chance.pick(sent) : undefined;
      const latest = next.slice(-LATEST);
      const changing = latest.filter(({ described: { method } }) => method !== QUERY);
      const following = changing.length > 0 && !chance.oneIn(4) ? changing : latest;
      const chosen: Next =
        how === 'follow' && following.length > 0
          ? chance.pick(following)
          : { described: chance.pick(beginnings.get(context)!), parameters: {} };
      const described = again?.described ?? chosen.described;
      const key = `${name}-${sent.length}`;
      const request = again?.request ?? make(described, chance, { wrong, ids, parameters: chosen.parameters });
      if (!again) {
        // The sequence's own keys tell its events from others.
        delete request.headers['Plaza-Delivery'];
        if (described.method !== QUERY) request.headers['Idempotency-Key'] = key;
      }
      const calledAt = Date.now();
      const answer = await ask(request);
      if (described.method !== QUERY) {
        const command: Command = again?.command ?? {
          request: { method: request.method, path: request.path },
          key,
          calledAt,
          answers: [],
          doneAt: 0,
        };
        if (!again) {
          sent.push({ described, request, command });
          commands.push(command);
        }
        const headers = answer.headers as Record<string, string>;
        command.answers.push({ at: Date.now(), answer: { status: answer.status, headers, body: answer.body } });
        command.doneAt = Date.now();
      }
      if (answer.status >= 300) return;
      const { operationId } = described.operation;
      succeeded.set(operationId, (succeeded.get(operationId) ?? 0) + 1);
      const found = linksOf(described, answer);
      next.push(...found);
      if (!again) await look(answer, found);
    };

    try {
      for (const step of given) await take(step);
      const events = await eventsSince(client, from);
      const [finding] = rulesBroken(events, commands);
      if (finding) throw new Error(finding);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n  ${lines.join('\n  ')}`);
    }
  };

  const findings = await Promise.all(
    Array.from({ length: AT_ONCE }, async (_, worker) => {
      const found: string[] = [];
      for (let round = 0; requests < count && found.length === 0; round++) {
        const property = fc.asyncProperty(fc.constantFrom(...beginnings.keys()), steps, play);
        const { failed, errorInstance } = await fc.check(property, {
          seed: seed + worker + round * AT_ONCE,
          numRuns: Math.ceil(Math.min(100, (count - requests) / AT_ONCE / LONGEST)),
        });
        if (failed) found.push((errorInstance as Error).message);
      }
      return found;
    }),
  );
  agent.destroy();
  await disconnectEventStore(client);
  return { requests, findings: findings.flat(), succeeded };
};

const eventsSince = async (client: EventStoreClient, from: StoredEvent['position']): Promise<StoredEvent[]> => {
  const events: StoredEvent[] = [];
  for (let position = from, more = true; more; ) {
    const read = await readAhead(client, position, MOST_EVENTS);
    events.push(...read.events);
    more = read.more && read.events.length > 0;
    position = read.events.at(-1)?.position ?? position;
  }
  return events;
};

/**
 * Compares a sequence's answers with the log. Of other sequences' events only the streams that begin here are whole.
 */
const rulesBroken = (events: readonly StoredEvent[], commands: readonly Command[]): string[] => {
  const whole = [...Map.groupBy(events, ({ stream }) => stream).values()]
    .filter(([first]) => first!.revision === 0n)
    .flat();
  return [...checkCommands(events, commands), ...checkEffects(whole), ...checkPlaces(whole, 0)];
};
