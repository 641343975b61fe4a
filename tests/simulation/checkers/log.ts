import type { StoredEvent } from '../../../platform/event-store/types.ts';
import type { Command, Query } from '../workload/clients.ts';

/** Commands that take further steps after their first events: their answer has the outcome of the steps. */
const WITH_STEPS =
  /^POST \/(?:cinema\/showings\/[^/]+\/reservations|bike-rental\/users|cinema\/movies\/[^/]+\/|screening\/.*\/reschedule)/;

const isDone = (status: number) => status >= 200 && status < 300;
const isRefused = (status: number) => status >= 400 && status < 500;

/** Checks that acknowledged commands are in the log, refused ones are not, and each one is there once. */
export const checkCommands = (events: readonly StoredEvent[], commands: readonly Command[]): string[] => {
  const found: string[] = [];
  const byCommand = Map.groupBy(events, ({ metadata }) => metadata.commandId);
  const byPosition = new Map(events.map((event) => [`${event.position.commit}`, event]));
  for (const { key, request, answers, doneAt } of commands) {
    const name = `${key} ${request.method} ${request.path}`;
    const own = byCommand.get(`key:${key}`) ?? [];
    const hasSteps = WITH_STEPS.test(`${request.method} ${request.path}`);
    // A command that changed nothing is in no log, so another process may do it when it comes again.
    const hadEffect = ({ answer: { status, headers } }: Command['answers'][number]) =>
      isDone(status) && (own.length === 0 || !(Number(headers.etag?.slice(1, -1)) < own[0]!.revision));
    const done = answers.filter(hadEffect).map(({ answer }) => answer);
    for (const { status, headers } of done) {
      const position = headers['event-position'];
      if (position !== undefined && !byPosition.has(position))
        found.push(`${name} names ${position}: nothing is there`);
      if (status === 201 && own.length === 0) found.push(`${name} was answered with 201 and is lost`);
      if (hasSteps || own.length === 0) continue;
      const last = own.findLast(({ stream }) => stream === own[0]!.stream)!;
      if (headers.etag !== `"${last.revision}"`) found.push(`${name} has ${last.revision} and got ${headers.etag}`);
      // A group of commands has one position, that of its last event.
      if (position !== undefined && BigInt(position) < last.position.commit)
        found.push(`${name} is at ${last.position.commit} and got ${position}`);
    }
    const isRemembered = !hasSteps && own.length > 0;
    if (isRemembered && new Set(done.map(({ body }) => body)).size > 1) found.push(`${name} got different answers`);
    const refused = answers.filter(({ answer }) => isRefused(answer.status));
    const firstDone = answers.findIndex(hadEffect);
    if (isRemembered && firstDone >= 0 && answers.slice(firstDone).some(({ answer }) => isRefused(answer.status)))
      found.push(`${name} was accepted and then refused`);
    const isOnlyRefused = refused.length === answers.length && refused.length > 0 && doneAt < Number.POSITIVE_INFINITY;
    if (!hasSteps && isOnlyRefused && own.length > 0) found.push(`${name} was refused and has ${own.length} events`);
  }
  return found;
};

/** Checks that each command has at most one effect in a stream: its events stand together, and no event comes twice. */
export const checkEffects = (events: readonly StoredEvent[]): string[] => {
  const found: string[] = [];
  for (const [stream, own] of Map.groupBy(events, (event) => event.stream)) {
    const last = new Map<string, bigint>();
    const ids = new Set<string>();
    for (const [index, { id, revision, metadata }] of own.entries()) {
      const { commandId } = metadata;
      if (revision !== BigInt(index)) found.push(`${stream} has ${revision} at ${index}`);
      if (ids.has(id)) found.push(`${stream} has the event ${id} twice`);
      ids.add(id);
      const before = last.get(commandId);
      if (before !== undefined && before !== revision - 1n)
        found.push(`${stream} has ${commandId} at ${before} and ${revision}`);
      last.set(commandId, revision);
    }
  }
  return found;
};

/** Checks that answers to queries never go back, and that a query reads its client's own writes. */
export const checkQueries = (queries: readonly Query[]): string[] => {
  const found: string[] = [];
  const read = queries.filter(({ answer }) => answer.headers['view-position'] !== undefined);
  for (const { path, minimum, answer } of read)
    if (minimum > 0 && answer.status === 200 && Number(answer.headers['view-position']) < minimum)
      found.push(`GET ${path} was asked for ${minimum} and shows ${answer.headers['view-position']}`);
  for (const [, same] of Map.groupBy(read, ({ path, life }) => `${path} ${life}`)) {
    let highest = { position: -1, returnedAt: 0 };
    for (const { path, calledAt, returnedAt, answer } of same) {
      const position = Number(answer.headers['view-position']);
      if (calledAt > highest.returnedAt && position < highest.position)
        found.push(`GET ${path} went back from ${highest.position} to ${position}`);
      if (position > highest.position) highest = { position, returnedAt };
    }
  }
  return found;
};
