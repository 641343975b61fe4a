import { randomUUID, randomUUIDv7 } from 'node:crypto';
import { type Request, type Response, Router } from 'express';
import { formatPosition, type Position } from '../../platform/event-store/types.ts';
import { expressPath, jsonBody } from '../../platform/http/app.ts';
import { type Problem, ProblemError, problem, problems, sendJson, sendProblem } from '../../platform/http/problem.ts';
import { validator } from '../../platform/http/validation.ts';
import { admit, conditionOf, type Identify, permitted } from '../../platform/identity/caller.ts';
import { ruleOf } from '../../schemas/access.ts';
import type { CommandHttp, CommandSchema, ContextSchema } from '../../schemas/kernel/context.ts';
import type { Around, Arounds, Give, Settled } from './around.ts';
import type { CommandHandler, GivenCommand } from './command-handler.ts';
import { derivedUuid, fingerprintOf } from './ids.ts';
import type { Limit, Outcome } from './request.ts';
import { textsOf } from './text.ts';
import { timesInUtc } from './times.ts';

export type CommandRoutesOptions = {
  contexts: readonly ContextSchema[];
  handler: CommandHandler;
  /** Milliseconds until a command whose append is not answered is answered with 503. */
  answerWithin?: number;
  /** Left out where sign-in is off. */
  identify?: Identify | undefined;
  around?: Arounds;
  /** The position of the store's newest event: told for a command whose steps had been done before. */
  tail?: () => Promise<Position>;
  /** Told of steps that threw. */
  onError?: (error: unknown) => void;
};

type Done = Extract<Outcome, { kind: 'done' }>;

/** Milliseconds for the steps after a command, unless it has its own. */
const SETTLE_WITHIN = 5_000;

const EMPTY_BODY: Readonly<Record<string, unknown>> = Object.freeze({});

/** One opaque tag or a list of them, or `*` (RFC 9110 13.1.1). A weak tag matches nothing. */
const parseIfMatch = (header: string): readonly bigint[] | '*' => {
  if (header.trim() === '*') return '*';
  return header.split(',').flatMap((tag) => {
    const match = /^\s*(W\/)?"([^"]*)"\s*$/.exec(tag);
    if (!match) throw new ProblemError(problems.malformedRequest('If-Match must be "{revision}" or *'));
    const [, weak, revision = ''] = match;
    return weak || !/^\d{1,19}$/.test(revision) ? [] : [BigInt(revision)];
  });
};

/** The key of draft-ietf-httpapi-idempotency-key-header, as the quoted string it is there or bare. */
const parseIdempotencyKey = (header: string): string => {
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header;
  if (!/^[\x21-\x7e]{1,255}$/.test(key))
    throw new ProblemError(problems.malformedRequest('Idempotency-Key must be 1-255 visible ASCII characters'));
  return key;
};

/**
 * What a gateway names one delivery of a request by: the same when it sends the request to another write side, because
 * the first one was not reached or did not answer. Nothing that clients need to know.
 */
const DELIVERY = 'Plaza-Delivery';
const DELIVERY_NAME = /^[\x21-\x7e]{1,128}$/;

const deliveryOf = (req: Request): string | undefined => {
  const name = req.get(DELIVERY);
  return name !== undefined && DELIVERY_NAME.test(name) ? name : undefined;
};

const parseIfNoneMatch = (header: string): true => {
  if (header.trim() !== '*') throw new ProblemError(problems.malformedRequest('If-None-Match must be *'));
  return true;
};

/** W3C trace context: version 00. */
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const CORRELATION_ID = /^[\x21-\x7e]{1,128}$/;

const fill = (path: string, data: Record<string, unknown>): string =>
  path.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(data[name])));

const outcomeProblem = (context: ContextSchema, outcome: Exclude<Outcome, { kind: 'done' }>): Problem => {
  switch (outcome.kind) {
    case 'refused': {
      const { refused, detail } = outcome.refusal;
      const known = context.problems[refused];
      if (!known) throw new Error(`${context.name} declares no problem ${refused}`);
      const { status, title, retryAfter } = known;
      return problem(status, refused, title, {
        ...(detail === undefined ? {} : { detail }),
        ...(retryAfter === undefined ? {} : { retryAfter }),
      });
    }
    case 'not-owner':
      return problems.notFound();
    case 'stale':
      return problems.preconditionFailed(
        outcome.revision < 0n ? 'it does not exist' : `it stands at "${outcome.revision}"`,
      );
    case 'key-reused':
      return problems.keyReused();
    case 'too-large':
      return problems.tooLarge();
    case 'overloaded':
    case 'dropped':
      return problems.overloaded();
    case 'unavailable':
      return problems.eventStoreUnavailable(
        outcome.uncertain
          ? 'The command may have been done: repeat it with the same Idempotency-Key'
          : 'The command was not done',
      );
    case 'failed':
      return problems.internal();
    case 'too-new':
      return problems.writtenByNewer();
    default:
      return outcome satisfies never;
  }
};

/** The limit that was reached, by draft-ietf-httpapi-ratelimit-headers. */
const rateLimitHeaders = ({ name, most }: Limit): Record<string, string> => ({
  'RateLimit-Policy': `"${name}";q=${most};qu="concurrent-requests"`,
  RateLimit: `"${name}";r=0`,
});

/** Gives commands in the name of the one that is being answered. */
const giveFor =
  (handler: CommandHandler, { actor, commandId, correlationId, traceparent }: GivenCommand): Give =>
  async (command) => {
    const outcome = await handler.handle({
      ...command,
      actor,
      ...(correlationId === undefined ? {} : { correlationId }),
      ...(commandId === undefined ? {} : { causationId: commandId }),
      ...(traceparent === undefined ? {} : { traceparent }),
    });
    return outcome.kind === 'done' || outcome.kind === 'refused' ? outcome : { kind: 'unavailable' };
  };

/** The routes of every command that has one: validated, decided, and answered with the revision and the position. */
export const commandRoutes = ({
  contexts,
  handler,
  answerWithin = 900,
  identify,
  around: arounds = {},
  tail,
  onError = () => {},
}: CommandRoutesOptions): Router => {
  const router = Router({ caseSensitive: true });

  const addRoute = (context: ContextSchema, type: string, schema: CommandSchema, http: CommandHttp): void => {
    const validate = validator(schema.data);
    const texts = textsOf(schema.data);
    const normaliseTimes = timesInUtc(schema.data);
    const fields = Object.keys(schema.data.properties);
    const rule = ruleOf(context, type);

    const readCommand = (req: Request, res: Response): { given: GivenCommand; data: Record<string, unknown> } => {
      const { caller, permit } = permitted(res);
      const body: unknown = req.body ?? EMPTY_BODY;
      if (typeof body !== 'object' || body === null || Array.isArray(body))
        throw new ProblemError(problems.invalid([{ pointer: '', detail: 'must be object' }]));
      for (const name of Object.keys(req.params)) {
        if (Object.hasOwn(body, name))
          throw new ProblemError(problems.invalid([{ pointer: `/${name}`, detail: 'is given by the path' }]));
      }
      const data: Record<string, unknown> = { ...body, ...req.params };

      const header = req.get('Idempotency-Key');
      const key = header === undefined ? undefined : parseIdempotencyKey(header);
      const id = http.id;
      const givenId = id === undefined ? undefined : data[id];
      const actor = caller?.sub ?? 'anonymous';
      const own = (name: string): string => `${caller ? `${caller.sub} ` : ''}${name}`;
      const ownKey = key === undefined ? undefined : own(key);
      const delivery = deliveryOf(req);
      const ownDelivery = delivery === undefined ? undefined : own(`delivery ${delivery}`);
      if (id !== undefined && givenId === undefined) {
        const name = ownKey ?? ownDelivery;
        data[id] = name === undefined ? randomUUIDv7() : derivedUuid(`${type} ${fill(http.path, req.params)} ${name}`);
      }
      texts.tidy(data);
      validate(data);
      const faults = texts.faults(data);
      if (faults.length > 0) throw new ProblemError(problems.invalid(faults));
      normaliseTimes(data);
      const condition = conditionOf(permit, data, fields);

      const commandId =
        ownKey !== undefined
          ? `key:${ownKey}`
          : givenId !== undefined
            ? `${type}:${fingerprintOf(actor, { type, data })}`
            : ownDelivery;
      const ifMatch = req.get('If-Match');
      const ifNoneMatch = req.get('If-None-Match');
      const correlationId = req.get('X-Correlation-Id');
      const traceparent = req.get('traceparent');
      return {
        data,
        given: {
          type,
          data,
          actor,
          ...(commandId === undefined ? {} : { commandId }),
          ...condition,
          ...(ifMatch === undefined ? {} : { ifMatch: parseIfMatch(ifMatch) }),
          ...(ifNoneMatch === undefined ? {} : { ifNoneMatch: parseIfNoneMatch(ifNoneMatch) }),
          ...(correlationId !== undefined && CORRELATION_ID.test(correlationId) ? { correlationId } : {}),
          ...(traceparent !== undefined && TRACEPARENT.test(traceparent) ? { traceparent } : {}),
        },
      };
    };

    const send = (res: Response, data: Record<string, unknown>, outcome: Outcome, body: object = {}): void => {
      if (outcome.kind !== 'done') {
        const limit = outcome.kind === 'overloaded' ? outcome.limit : undefined;
        sendProblem(res, outcomeProblem(context, outcome), limit && rateLimitHeaders(limit));
        return;
      }
      const { events, revision, position } = outcome;
      sendJson(
        res,
        http.status,
        { ...handler.answer({ type, data }, events), ...body },
        {
          ETag: `"${revision}"`,
          Location: fill(http.location, data),
          ...(position === undefined ? {} : { 'Event-Position': formatPosition(position) }),
        },
      );
    };

    const sendLater = (res: Response, data: Record<string, unknown>, { events, position }: Done): void =>
      sendJson(res, 202, handler.answer({ type, data }, events), {
        Location: fill(http.location, data),
        ...(position === undefined ? {} : { 'Event-Position': formatPosition(position) }),
      });

    const path = expressPath(http.path);
    const around: Around | undefined = Object.hasOwn(arounds, type) ? arounds[type] : undefined;

    const guards = [admit(identify, rule, context), jsonBody];
    const method = http.method.toLowerCase() as 'post' | 'put' | 'patch' | 'delete';
    let surrounded = 0;

    router[method](path, guards, async (req: Request, res: Response) => {
      const { given, data } = readCommand(req, res);
      let isAnswered = false;
      let timer: NodeJS.Timeout;
      const once = (answer: () => void) => {
        if (isAnswered) return;
        isAnswered = true;
        clearTimeout(timer);
        if (!res.destroyed) answer();
      };
      const conclude = (outcome: Outcome) => once(() => send(res, data, outcome));
      const isAbandoned = () => isAnswered || res.destroyed;
      timer = setTimeout(() => conclude({ kind: 'unavailable', uncertain: true }), answerWithin);
      if (!around) return conclude(await handler.handle({ ...given, isAbandoned }));

      const { atMost, within = SETTLE_WITHIN } = around;
      if (atMost && surrounded >= atMost.count) return conclude({ kind: 'refused', refusal: atMost.refusal });
      surrounded += 1;
      try {
        const correlationId = given.correlationId ?? randomUUID();
        const give = giveFor(handler, { ...given, correlationId });
        const refusal = await around.before?.(data, give);
        if (refusal) return conclude({ kind: 'refused', refusal });
        const outcome = await handler.handle({ ...given, correlationId, isAbandoned });
        if (outcome.kind !== 'done' || !around.after || isAnswered) return conclude(outcome);

        clearTimeout(timer);
        const later = () =>
          http.mayTakeLonger
            ? once(() => sendLater(res, data, outcome))
            : conclude({ kind: 'unavailable', uncertain: true });
        timer = setTimeout(later, within);
        const settled = await around.after(data, outcome.events, give).catch((error): Settled => {
          onError(error);
          return { kind: 'later' };
        });
        if (settled.kind === 'later') return later();
        if (settled.kind === 'refused') return conclude(settled);
        const position = settled.position ?? (await tail?.().catch(() => undefined));
        once(() => send(res, data, { ...outcome, revision: settled.revision, position }, settled.body));
      } finally {
        surrounded -= 1;
      }
    });
  };

  for (const context of contexts) {
    for (const [type, schema] of Object.entries(context.commands)) {
      if (schema.http) addRoute(context, type, schema, schema.http);
    }
  }
  return router;
};
