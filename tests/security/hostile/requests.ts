import type { Random } from './random.ts';
import { anyValue, brokenValue, HOSTILE_TEXT, IDS, type Schema, type Source, validValue } from './values.ts';

export type Request = { method: string; path: string; headers: Record<string, string>; body?: string | Buffer };

type Parameter = { name: string; in: string; schema: Schema; $ref?: string };
type Operation = {
  operationId: string;
  parameters?: readonly Parameter[];
  requestBody?: { content: Readonly<Record<string, { schema: Schema; example?: unknown }>> };
  responses: Readonly<Record<string, { links?: Readonly<Record<string, unknown>> }>>;
};

/** The parts of the served OpenAPI document that requests are made from. */
export type Served = {
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH'];

const PATH_PARTS = [
  ...['%00', '%2e%2e', '..%2f..', '%FF', '%E0%A4%A', '%', '%C0%AF', 'a%2Fb', 'a.b', '.', '~', '*', '$', '%24where'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'undefined', 'null', '%7B%22$gt%22%3A%22%22%7D'],
  ...['x'.repeat(64), 'x'.repeat(65), 'x'.repeat(3_000), '%EA%B0%80', encodeURIComponent('10더8612'), ''],
];

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const CURSORS = [
  ...['', 'x', '=', 'WyJ', 'a'.repeat(1_024), 'a'.repeat(1_025), '%00', 'null'],
  ...[null, [], {}, 0, 'x', ['', '', ''], ['a', 'b', 'c', 'd'], ['x', 'y', { $gt: '' }], ['x', null, null]].map(
    encoded,
  ),
];

const NUMBERS = ['0', '1', '200', '201', '-1', '1.5', '1e3', 'NaN', 'Infinity', '0x10', '٣', '', '9'.repeat(30), ' 1'];

const TAGS = [
  '*',
  '"0"',
  '"1"',
  'W/"1"',
  '"-1"',
  '"99999999999999999999"',
  '""',
  '"a", "0"',
  '0',
  'x',
  ',',
  '"'.repeat(3),
];

/** Headers with a meaning, with invalid values. */
const HEADERS: Readonly<Record<string, readonly string[]>> = {
  'If-Match': TAGS,
  'If-None-Match': [...TAGS, '*, *'],
  'Idempotency-Key': ['k-1', '"k-1"', '"', '""', 'x'.repeat(255), 'x'.repeat(256), 'a b', '\u00e9', 'k-2', 'k-3'],
  'Plaza-Delivery': ['d-1', 'x'.repeat(129), 'a b', 'd-2'],
  'Min-Event-Position': [
    '0',
    '-1',
    '1',
    '18446744073709551615',
    '18446744073709551616',
    '1e3',
    'x',
    '',
    '9'.repeat(40),
  ],
  Prefer: [
    'wait=0',
    'wait=-1',
    'wait=x',
    'wait',
    'wait=1e9',
    'respond-async, wait=0',
    'wait="0"',
    ';',
    'wait=0;wait=1',
  ],
  Range: ['bytes=0-0', 'bytes=-1', 'bytes=9-1', 'items=0-5', 'x', 'bytes=0-,0-,0-,0-'],
  'Last-Event-ID': ['0', '-1', 'x', '1;cinema=0', '1;x', ';'.repeat(500), '99999999999999999999', '-1;parking=-1'],
  Accept: ['text/html', 'x', '*/*;q=2', '', 'application/xml'],
  'Accept-Encoding': ['gzip', 'identity;q=0', '*;q=0', 'br, x'],
  Authorization: ['Bearer', 'Bearer x', 'Bearer eyJhbGciOiJub25lIn0.e30.', 'Basic Og==', 'x'.repeat(4_000)],
  traceparent: ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', '00-0-0-0', 'x', `ff-${'0'.repeat(52)}`],
  'X-Correlation-Id': ['mine', 'x'.repeat(129), 'a b', '\u00e9', ''],
  'X-Forwarded-For': ['192.0.2.1', 'x', ','.repeat(50), '::1', '"', 'unknown, 1.2.3.4:80'],
  'X-HTTP-Method-Override': ['DELETE', 'x'],
  Cookie: ['a=b; __proto__=x', '='],
  Host: ['evil.example', '', 'a:99999', '[::1'],
  Origin: ['https://evil.example', 'null'],
  Expect: ['100-continue', 'x'],
  Upgrade: ['h2c', 'websocket'],
  Connection: ['close', 'keep-alive, upgrade', 'x'],
};

const TYPES = [
  ...[
    'text/plain',
    'application/json; charset=utf-8',
    'application/json; charset=utf-16',
    'application/json;charset=x',
  ],
  ...[
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/merge-patch+json',
    'json',
    '',
  ],
  ...['application/json; charset=us-ascii', 'application/json;', 'APPLICATION/JSON', 'application/jsonx', '/', ';'],
];

const nested = (open: string, inner: string, close: string, levels: number): string =>
  open.repeat(levels) + inner + close.repeat(levels);

/** Bodies that are not JSON, or unexpected JSON. */
const BODIES: readonly (string | Buffer)[] = [
  ...[
    '',
    '{',
    '}',
    'null',
    '[]',
    '[{}]',
    '"x"',
    '0',
    'true',
    '{}',
    ' ',
    '{"a":1,}',
    "{'a':1}",
    '\ufeff{}',
    '{}{}',
    'NaN',
  ],
  ...['{"a":1e999}', '{"a":"\\ud800"}', '{"a":"\\u0000"}', '{"a":"\u0001"}', '{"":""}', '{"lotId":"a","lotId":"b"}'],
  ...['{"__proto__":{"a":1}}', '{"constructor":{"prototype":{}}}', '{"toString":1}', '{"hasOwnProperty":null}'],
  nested('[', '1', ']', 20_000),
  nested('{"a":', '1', '}', 10_000),
  `{"a":"${'x'.repeat(70_000)}"}`,
  `[${'0,'.repeat(40_000)}0]`,
  `{"a":"${'x'.repeat(64 * 1024)}"}`,
  Buffer.alloc(100_000),
  `{"a":${'9'.repeat(60_000)}}`,
  `{${Array.from({ length: 5_000 }, (_, at) => `"k${at}":0`).join(',')}}`,
  Buffer.from([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]),
  Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]),
  Buffer.from('1f8b0800000000000003', 'hex'),
];

/** An operation of a document, with its parameters. */
export type Described = { path: string; method: string; operation: Operation; parameters: readonly Parameter[] };

export type MakeOptions = {
  /** The parts that are wrong. One error at a time, or several: an early refusal must not hide the later checks. */
  wrong?: readonly ('path' | 'query' | 'headers' | 'body')[];
  /** The ids that values are chosen from. */
  ids?: readonly string[];
  /** Parameters of the path; the others are chosen. */
  parameters?: Readonly<Record<string, string>>;
};

/**
 * Makes requests from an OpenAPI document: right ones, those at the edge of what is right, and wrong ones in every way.
 */
export type Maker = {
  operations: readonly Described[];
  make(described: Described, chance: Random, options?: MakeOptions): Request;
};

export const makerOf = (served: Served): Maker => {
  const resolve = <Found extends { $ref?: string }>(given: Found): Found => {
    const [, , kind = '', name = ''] = given.$ref?.split('/') ?? [];
    return given.$ref ? (served.components[kind]?.[name] as Found) : given;
  };

  const pathOf = (
    { path: template, parameters }: Described,
    source: Source,
    given: Readonly<Record<string, string>>,
    isRight: boolean,
  ): string => {
    const { chance } = source;
    const path = template.replaceAll(/\{(\w+)\}/g, (_, name) => {
      if (!isRight && chance.oneIn(2)) return chance.pick(PATH_PARTS);
      if (given[name] !== undefined) return encodeURIComponent(given[name]);
      const schema = parameters.find((one) => one.in === 'path' && one.name === name)?.schema;
      return encodeURIComponent(schema ? String(validValue(schema, source)) : chance.pick(source.ids));
    });
    if (isRight) return path;
    return chance.pick([path, path, path, `${path}/`, path.toUpperCase(), `/${path}`, `${path}//`, `${path};a=b`]);
  };

  const queryOf = ({ parameters }: Described, source: Source, isRight: boolean): string => {
    const { chance } = source;
    const given = parameters
      .filter((one) => one.in === 'query')
      .filter(() => chance.oneIn(3))
      .map(({ name, schema }): [string, string] => {
        if (name === 'cursor') return [name, chance.pick(CURSORS)];
        if (isRight) return [name, encodeURIComponent(String(validValue(schema, source)))];
        if (name === 'limit') return [name, encodeURIComponent(chance.pick(NUMBERS))];
        return [name, encodeURIComponent(chance.pick(HOSTILE_TEXT).toWellFormed().slice(0, 500))];
      });
    if (!isRight) {
      const odd = [
        'unknown=1',
        'limit=1&limit=2',
        'a[b]=c',
        'a[]=1',
        '&&&',
        '=',
        '%',
        '%00=%00',
        '__proto__=1',
        'sort=',
        'sort=-',
      ];
      if (chance.oneIn(2)) return `?${[...given.map((pair) => pair.join('=')), chance.pick(odd)].join('&')}`;
    }
    return given.length === 0 ? '' : `?${given.map((pair) => pair.join('=')).join('&')}`;
  };

  const wrongHeaders = (chance: Random): Record<string, string> => {
    const names = Object.keys(HEADERS).filter(() => chance.oneIn(8));
    return Object.fromEntries(names.map((name) => [name, chance.pick(HEADERS[name]!)]));
  };

  const bodyOf = (
    { operation: { requestBody } }: Described,
    source: Source,
    isRight: boolean,
  ): Pick<Request, 'body'> & { type?: string } => {
    const { chance } = source;
    const content = requestBody?.content['application/json'];
    const type = 'application/json';
    if (isRight) {
      if (!content) return {};
      const { schema, example } = content;
      const isExample = example !== undefined && source.ids === IDS && chance.oneIn(3);
      return { body: JSON.stringify(isExample ? example : validValue(schema, source)), type };
    }
    switch (chance.below(5)) {
      case 0:
        return { body: chance.pick(BODIES), type };
      case 1:
        return { body: JSON.stringify(validValue(content?.schema ?? {}, source)), type: chance.pick(TYPES) };
      case 2:
        return { body: JSON.stringify(anyValue(chance)), type };
      default:
        return content ? { body: JSON.stringify(brokenValue(content.schema, source)), type } : {};
    }
  };

  return {
    operations: Object.entries(served.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        path,
        method: method.toUpperCase(),
        operation,
        parameters: (operation.parameters ?? []).map(resolve),
      })),
    ),
    make(described, chance, { wrong = [], ids = IDS, parameters = {} } = {}) {
      const source: Source = { chance, resolve, ids };
      const { body, type } = bodyOf(described, source, !wrong.includes('body'));
      const headers = wrong.includes('headers') ? wrongHeaders(chance) : {};
      if (type !== undefined) headers['Content-Type'] = type;
      const path = pathOf(described, source, parameters, !wrong.includes('path'));
      const query = queryOf(described, source, !wrong.includes('query'));
      return { method: described.method, path: path + query, headers, ...(body === undefined ? {} : { body }) };
    },
  };
};

/** Returns a source of single requests for any operation. */
export const requestsFor = (served: Served, chance: Random): (() => Request) => {
  const { operations, make } = makerOf(served);
  return () => {
    const isPathWrong = chance.oneIn(4);
    const areHeadersWrong = !chance.oneIn(3);
    const wrong = [
      ...(isPathWrong ? (['path', 'query'] as const) : []),
      ...(areHeadersWrong ? (['headers'] as const) : []),
      ...(chance.oneIn(4) ? (['body'] as const) : []),
    ];
    const request = make(chance.pick(operations), chance, { wrong });
    const { headers, body } = request;
    if (!areHeadersWrong && chance.oneIn(3)) headers['Idempotency-Key'] = `right-${chance.below(50)}`;
    if (body !== undefined && chance.oneIn(60))
      headers['Content-Encoding'] = chance.pick(['gzip', 'br', 'x', 'identity']);
    if (chance.oneIn(25)) request.method = chance.pick(METHODS);
    if (chance.oneIn(200)) request.path = chance.pick(['*', '/%', '/.', '/none']);
    return request;
  };
};
