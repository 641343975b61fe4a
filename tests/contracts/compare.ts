type Schema = {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  additionalProperties?: boolean | Schema;
  [keyword: string]: unknown;
};

type Parameter = { $ref?: string; name: string; in: string; required?: boolean; schema: Schema };
/** `problems` are the names of an answer's problems. */
type Content = Record<string, { schema: Schema; problems?: string[] }>;
type Operation = {
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content: Content };
  responses: Record<string, { headers?: Record<string, unknown>; content?: Content; links?: Record<string, unknown> }>;
};
export type OpenApi = {
  info: { version: string };
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, Record<string, unknown>>;
};
export type AsyncApi = {
  info: { version: string };
  channels: Record<string, { messages: Record<string, unknown> }>;
  components: { messages: Record<string, { payload: Schema; headers?: Schema }>; schemas: Record<string, Schema> };
};

/** The client's direction: `write` sends values, `read` receives them. */
type Direction = 'write' | 'read';

/** A bound of a value, and whether a higher one accepts more. */
const BOUNDS: Readonly<Record<string, 'higher' | 'lower'>> = {
  maximum: 'higher',
  maxLength: 'higher',
  maxItems: 'higher',
  exclusiveMaximum: 'higher',
  minimum: 'lower',
  minLength: 'lower',
  minItems: 'lower',
  exclusiveMinimum: 'lower',
};
const FORMS = ['pattern', 'format', 'multipleOf', 'const'] as const;

const shown = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value));

const resolver = (document: { components: object }) => {
  const resolve = <Found extends { $ref?: string }>(value: Found): Found => {
    if (value.$ref === undefined) return value;
    const found = value.$ref
      .slice(2)
      .split('/')
      .reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], document);
    return resolve(found as Found);
  };
  return resolve;
};

const typesOf = ({ type }: Schema): string[] => (type === undefined ? [] : [type].flat());

/** Returns whether every type that a schema allows is one of another's; without a type it allows every one. */
const isWithin = (narrow: Schema, wide: Schema): boolean => {
  const [some, all] = [typesOf(narrow), typesOf(wide)];
  return all.length === 0 || (some.length > 0 && some.every((type) => all.includes(type)));
};

/** Returns the breaking differences of two schemas, one line each, with the place in the value. */
const compareSchemas = (
  before: Schema,
  now: Schema,
  direction: Direction,
  at: string,
  resolve: { before: <S extends Schema>(schema: S) => S; now: <S extends Schema>(schema: S) => S },
): string[] => {
  const old = resolve.before(before);
  const next = resolve.now(now);
  if (JSON.stringify(old) === JSON.stringify(next) && !JSON.stringify(old).includes('$ref')) return [];
  const lines: string[] = [];
  const say = (what: string) => lines.push(`${at}: ${what}`);

  if (old.anyOf || next.anyOf) {
    const [olds, nexts] = [old.anyOf ?? [old], next.anyOf ?? [next]];
    const [needed, offered] = direction === 'write' ? [olds, nexts] : [nexts, olds];
    const isOffered = (wanted: Schema) =>
      offered.some((one) => {
        const [b, n] = direction === 'write' ? [wanted, one] : [one, wanted];
        return compareSchemas(b, n, direction, at, resolve).length === 0;
      });
    if (!needed.every(isOffered))
      say(`one of its ${olds.length} forms changed or is ${direction === 'write' ? 'gone' : 'new'}`);
    return lines;
  }

  if (!(direction === 'write' ? isWithin(old, next) : isWithin(next, old)))
    say(`type was ${shown(old.type)}, is ${shown(next.type)}`);
  for (const form of FORMS)
    if (old[form] !== next[form] && !(direction === 'write' ? next[form] === undefined : old[form] === undefined))
      say(`${form} was ${shown(old[form])}, is ${shown(next[form])}`);
  for (const [bound, wider] of Object.entries(BOUNDS)) {
    const [was, is] = [old[bound], next[bound]] as [number | undefined, number | undefined];
    if (was === is) continue;
    const limit = (value: number | undefined) =>
      value ?? (wider === 'higher' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY);
    const isWider = wider === 'higher' ? limit(is) > limit(was) : limit(is) < limit(was);
    if (isWider !== (direction === 'write')) say(`${bound} was ${shown(was)}, is ${shown(is)}`);
  }
  if (old.enum || next.enum) {
    const gone = (old.enum ?? []).filter((word) => !next.enum?.includes(word));
    const added = (next.enum ?? []).filter((word) => !old.enum?.includes(word));
    if (direction === 'write' && next.enum && (gone.length > 0 || !old.enum)) say(`takes ${shown(gone)} no more`);
    if (direction === 'read' && old.enum && (added.length > 0 || !next.enum))
      say(`may be ${shown(next.enum ? added : 'anything')} now`);
  }

  const [was, is] = [old.properties ?? {}, next.properties ?? {}];
  const [wasRequired, isRequired] = [old.required ?? [], next.required ?? []];
  for (const [name, schema] of Object.entries(was)) {
    const here = `${at}/${name}`;
    if (!is[name]) {
      if (direction === 'read' || next.additionalProperties === false) lines.push(`${here}: is gone`);
      continue;
    }
    if (direction === 'read' && wasRequired.includes(name) && !isRequired.includes(name))
      lines.push(`${here}: may be left out now`);
    if (direction === 'write' && !wasRequired.includes(name) && isRequired.includes(name))
      lines.push(`${here}: must be given now`);
    lines.push(...compareSchemas(schema, is[name], direction, here, resolve));
  }
  if (direction === 'write')
    for (const name of isRequired) if (!was[name]) lines.push(`${at}/${name}: is new and must be given`);
  if (old.items && next.items) lines.push(...compareSchemas(old.items, next.items, direction, `${at}/*`, resolve));
  return lines;
};

const problemsOf = ({ responses }: Operation): [name: string, status: string][] =>
  Object.entries(responses).flatMap(([status, { content = {} }]) =>
    Object.values(content).flatMap(({ problems = [] }) => problems.map((name): [string, string] => [name, status])),
  );

/** Clients depend on a problem's type and status. */
const compareProblems = (old: Operation, next: Operation, at: string): string[] => {
  const now = problemsOf(next);
  return problemsOf(old).flatMap(([name, status]) => {
    const statuses = now.filter(([other]) => other === name).map(([, other]) => other);
    if (statuses.includes(status)) return [];
    return [`${at} problem ${name}: was ${status}, ${statuses.length === 0 ? 'is gone' : `is ${statuses}`}`];
  });
};

const isAsOf = ({ name }: Parameter): boolean => name === 'As-Of';

/** Returns the differences that break clients of the old OpenAPI document, one line each. */
export const brokenByOpenApi = (before: OpenApi, now: OpenApi): string[] => {
  const resolve = { before: resolver(before), now: resolver(now) };
  const lines: string[] = [];
  for (const [path, methods] of Object.entries(before.paths)) {
    for (const [method, old] of Object.entries(methods)) {
      const at = `${method.toUpperCase()} ${path}`;
      const next = now.paths[path]?.[method];
      if (!next) {
        lines.push(`${at}: is gone`);
        continue;
      }
      const olds = (old.parameters ?? []).map((one) => resolve.before(one as never) as Parameter);
      const nexts = (next.parameters ?? []).map((one) => resolve.now(one as never) as Parameter);
      for (const { name, in: place, schema } of olds) {
        const found = nexts.find((one) => one.name === name && one.in === place);
        if (!found) lines.push(`${at} ${place} ${name}: is gone`);
        else lines.push(...compareSchemas(schema, found.schema, 'write', `${at} ${place} ${name}`, resolve));
      }
      for (const { name, in: place, required } of nexts) {
        const isNew = !olds.some((one) => one.name === name && one.in === place && one.required);
        if (required && isNew) lines.push(`${at} ${place} ${name}: must be given now`);
      }
      for (const [type, { schema }] of Object.entries(old.requestBody?.content ?? {})) {
        const found = next.requestBody?.content[type];
        if (!found) lines.push(`${at} body ${type}: is gone`);
        else lines.push(...compareSchemas(schema, found.schema, 'write', `${at} body`, resolve));
      }
      if (next.requestBody?.required && !old.requestBody?.required) lines.push(`${at} body: must be given now`);
      for (const [status, { headers = {}, content = {}, links = {} }] of Object.entries(old.responses)) {
        const found = next.responses[status];
        if (!found) {
          if (status.startsWith('2')) lines.push(`${at} answer ${status}: is gone`);
          continue;
        }
        for (const header of Object.keys(headers))
          if (!found.headers?.[header]) lines.push(`${at} answer ${status} header ${header}: is gone`);
        for (const link of Object.keys(links))
          if (!found.links?.[link]) lines.push(`${at} answer ${status} link ${link}: is gone`);
        for (const [type, { schema }] of Object.entries(content)) {
          const answer = found.content?.[type];
          if (!answer) lines.push(`${at} answer ${status} ${type}: is gone`);
          else lines.push(...compareSchemas(schema, answer.schema, 'read', `${at} answer ${status}`, resolve));
        }
      }
      lines.push(...compareProblems(old, next, at));
      // Only a request with As-Of is answered with 202, so a client that does not know that header never is.
      const isPastNew = !olds.some(isAsOf) && nexts.some(isAsOf);
      for (const status of Object.keys(next.responses))
        if (status.startsWith('2') && !old.responses[status] && !(status === '202' && isPastNew))
          lines.push(`${at} answer ${status}: is new`);
    }
  }
  return lines;
};

/** Returns the differences that break readers of events of the old AsyncAPI document. */
export const brokenByAsyncApi = (before: AsyncApi, now: AsyncApi): string[] => {
  const resolve = { before: resolver(before), now: resolver(now) };
  return Object.entries(before.components.messages).flatMap(([name, old]) => {
    const next = now.components.messages[name];
    if (!next) return [`${name}: is gone`];
    const headers =
      old.headers && next.headers ? compareSchemas(old.headers, next.headers, 'read', `${name} metadata`, resolve) : [];
    return [...compareSchemas(old.payload, next.payload, 'read', name, resolve), ...headers];
  });
};

/**
 * Returns whether a version allows breaking changes: another major one, or another minor one before 1.0 (SemVer 4, 8).
 */
export const isRaised = (before: string, now: string): boolean => {
  const [a, b] = [before, now].map((version) => version.split('.').map(Number)) as [number[], number[]];
  return b[0]! > a[0]! || (a[0] === 0 && b[0] === 0 && b[1]! > a[1]!);
};

/** Returns the breaking differences of two documents, one line each; none when the version allows them. */
export const breachesOfPromise = <Document extends OpenApi | AsyncApi>(before: Document, now: Document): string[] => {
  if (isRaised(before.info.version, now.info.version)) return [];
  return 'paths' in before
    ? brokenByOpenApi(before, now as OpenApi)
    : brokenByAsyncApi(before as AsyncApi, now as AsyncApi);
};
