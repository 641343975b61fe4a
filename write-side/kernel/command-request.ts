import type { Request, Response } from 'express';
import { queryOf, readAll, readText } from '../../platform/http/parameters.ts';
import { ProblemError, problems } from '../../platform/http/problem.ts';
import { validator, wrongAt } from '../../platform/http/validation.ts';
import { conditionOf, permitted } from '../../platform/identity/caller.ts';
import { machine } from '../../platform/machine/machine.ts';
import type { Role } from '../../schemas/access.ts';
import { type CommandHttp, type CommandSchema, locatingFields } from '../../schemas/kernel/context.ts';
import { defined } from '../../schemas/kernel/defined.ts';
import type { CommandHandler, GivenCommand } from './command-handler.ts';
import { derivedUuid } from './ids.ts';
import { textsOf } from './text.ts';
import { timesInUtc } from './times.ts';

type Data = Record<string, unknown>;

/** A command as a client sent it: its data is the path's parameters and the body in one object. */
export type CommandRequest = { given: GivenCommand; data: Data };

/**
 * Returns a function that reads a command from a request.
 * @throws ProblemError for a request that is no such command, or that the caller may not send
 */
export const commandReader = (
  type: string,
  schema: CommandSchema,
  http: CommandHttp,
  { fingerprint }: Pick<CommandHandler, 'fingerprint'>,
) => {
  const check = dataChecker(schema);
  const readQuery = queryReader(schema, http);
  const fields = Object.keys(schema.data.properties);
  const { id, path } = http;
  const located = locatingFields(schema, http);
  return (req: Request, res: Response): CommandRequest => {
    const { caller, permit } = permitted(res);
    const data = { ...readData(req), ...readQuery(req) };
    const key = keyOf(req);
    const delivery = deliveryOf(req);
    const isNamed = id !== undefined && data[id] !== undefined;
    if (id !== undefined && !isNamed)
      data[id] = newId(nameOf(caller?.sub, key, delivery), (name) => `${type} ${fillPath(path, req.params)} ${name}`);
    check(data);
    requireFields(data, http, caller?.roles ?? []);
    const condition = conditionOf(permit, data, fields, located);
    // Events name the caller by the id: a subject may be an e-mail address, and stays in hashes only.
    const actor = caller?.id ?? ANONYMOUS;
    const isByData = key === undefined && isNamed;
    const name = nameOf(caller?.id, key, delivery);
    const isRepeatable = isByData || name !== undefined;
    const hash = isRepeatable ? fingerprint(caller?.sub ?? ANONYMOUS, { type, data }) : undefined;
    const commandId = isByData ? `${type}:${hash}` : key === undefined ? name : `key:${name}`;
    const names = defined({ commandId, fingerprint: hash, isNamedByContent: isByData ? true : undefined });
    const conditions = { ...condition, ...preconditionsOf(req) };
    return { data, given: { type, data, actor, ...names, ...conditions, ...traceOf(req) } };
  };
};

const ANONYMOUS = 'anonymous';

/** Returns the name of a request, the same when it is sent again; undefined for one that cannot be repeated. */
const nameOf = (caller: string | undefined, key: string | undefined, delivery: string | undefined) => {
  const prefix = caller === undefined ? '' : `${caller} `;
  if (key !== undefined) return `${prefix}${key}`;
  return delivery === undefined ? undefined : `${prefix}delivery ${delivery}`;
};

/** Fills the parameters of a path. */
export const fillPath = (path: string, data: Data): string =>
  path.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(data[name])));

const EMPTY_BODY: Readonly<Data> = Object.freeze({});

const readData = (req: Request): Data => {
  const body: unknown = req.body ?? EMPTY_BODY;
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new ProblemError(problems.invalid([{ pointer: '', detail: 'must be object' }]));
  for (const name of Object.keys(req.params)) {
    if (Object.hasOwn(body, name))
      throw new ProblemError(problems.invalid([{ pointer: `/${name}`, detail: 'is given by the path' }]));
  }
  return { ...body, ...req.params };
};

/**
 * Returns a function that reads the fields of a command that its query has.
 * @throws ProblemError 400 for one in the body, and for a parameter that is unknown, repeated or wrong
 */
const queryReader = ({ data: { properties } }: CommandSchema, { inQuery = [] }: CommandHttp) => {
  const known = new Map(inQuery.map((name) => [name, readText(properties[name]!)]));
  return ({ url, body }: Request): Data => {
    for (const name of inQuery) {
      if (body && Object.hasOwn(body, name))
        throw new ProblemError(problems.invalid([{ pointer: `/${name}`, detail: 'is given by the query' }]));
    }
    return Object.fromEntries(readAll(queryOf(url), known));
  };
};

/** Returns a function that tidies and validates a command's data in place. */
const dataChecker = ({ data: schema }: CommandSchema) => {
  const validate = validator(schema);
  const texts = textsOf(schema);
  const normaliseTimes = timesInUtc(schema);
  return (data: Data): void => {
    texts.tidy(data);
    validate(data);
    const faults = texts.faults(data);
    if (faults.length > 0) throw new ProblemError(problems.invalid(faults));
    normaliseTimes(data);
  };
};

/** @throws ProblemError 400 for a missing field that only callers of another role may leave out */
const requireFields = (data: Data, { optionalFor = {} }: CommandHttp, roles: readonly Role[]): void => {
  const missing = Object.entries(optionalFor).filter(
    ([field, role]) => data[field] === undefined && !roles.includes(role),
  );
  const faults = missing.map(([field]) => wrongAt([field], `must have required property '${field}'`));
  if (faults.length > 0) throw new ProblemError(problems.invalid(faults));
};

/** Returns the same id for the same name, so that a repeat creates nothing twice. */
const newId = (name: string | undefined, inRoute: (name: string) => string): string =>
  name === undefined ? machine.uuidv7() : derivedUuid(inRoute(name));

/** Reads the key of draft-ietf-httpapi-idempotency-key-header, as a quoted string like there, or bare. */
const keyOf = (req: Request): string | undefined => {
  const header = req.get('Idempotency-Key');
  if (header === undefined) return undefined;
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header;
  if (!/^[\x21-\x7e]{1,255}$/.test(key))
    throw new ProblemError(problems.malformedRequest('Idempotency-Key must be 1-255 visible ASCII characters'));
  return key;
};

/**
 * A gateway names each delivery of a request. The name stays the same when the gateway sends the request to another
 * write side, because the first one was not reached or did not answer. Clients need not know it.
 */
const DELIVERY = 'Plaza-Delivery';
const DELIVERY_NAME = /^[\x21-\x7e]{1,128}$/;

const deliveryOf = (req: Request): string | undefined => wellFormed(req.get(DELIVERY), DELIVERY_NAME);

const wellFormed = (header: string | undefined, pattern: RegExp): string | undefined =>
  header !== undefined && pattern.test(header) ? header : undefined;

const preconditionsOf = (req: Request): Pick<GivenCommand, 'ifMatch' | 'ifNoneMatch'> => {
  const ifMatch = req.get('If-Match');
  const ifNoneMatch = req.get('If-None-Match');
  return defined({
    ifMatch: ifMatch === undefined ? undefined : parseIfMatch(ifMatch),
    ifNoneMatch: ifNoneMatch === undefined ? undefined : parseIfNoneMatch(ifNoneMatch),
  });
};

/** Parses one opaque tag or a list of them, or `*` (RFC 9110 13.1.1). A weak tag matches nothing. */
const parseIfMatch = (header: string): readonly bigint[] | '*' => {
  if (header.trim() === '*') return '*';
  return header.split(',').flatMap((tag) => {
    const match = /^\s*(W\/)?"([^"]*)"\s*$/.exec(tag);
    if (!match) throw new ProblemError(problems.malformedRequest('If-Match must be "{revision}" or *'));
    const [, weak, revision = ''] = match;
    return weak || !/^\d{1,19}$/.test(revision) ? [] : [BigInt(revision)];
  });
};

const parseIfNoneMatch = (header: string): true => {
  if (header.trim() !== '*') throw new ProblemError(problems.malformedRequest('If-None-Match must be *'));
  return true;
};

/** W3C trace context: version 00. */
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const CORRELATION_ID = /^[\x21-\x7e]{1,128}$/;

const traceOf = (req: Request): Pick<GivenCommand, 'correlationId' | 'traceparent'> =>
  defined({
    correlationId: wellFormed(req.get('X-Correlation-Id'), CORRELATION_ID),
    traceparent: wellFormed(req.get('traceparent'), TRACEPARENT),
  });
