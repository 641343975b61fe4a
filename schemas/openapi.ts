import { type TObject, type TProperties, type TSchema, Type } from 'typebox';
import { type Rule, roles, ruleOf, systemAccess } from './access.ts';
import { activities } from './kernel/activity.ts';
import {
  type CommandHttp,
  type CommandSchema,
  type ContextSchema,
  parameterNames,
  type QuerySchema,
} from './kernel/context.ts';
import { controlCenter, EventCursor, ReachedPosition } from './kernel/control-center.ts';
import { exampleOf } from './kernel/examples.ts';
import { PositionText, queriesOf } from './kernel/history.ts';
import {
  ParkedChange,
  ParkedEvent,
  ParkedEvents,
  Replay,
  ReplayChange,
  ReplayRequest,
  Replays,
} from './kernel/operations.ts';
import { CursorText, Limit, MAX_LIMIT, SortText } from './kernel/paging.ts';
import { type CommonProblem, commonProblems } from './kernel/problems.ts';
import { Id } from './kernel/values.ts';

type Json = Readonly<Record<string, unknown>>;

/** An operation of an OpenAPI document, as far as Plaza uses it. */
export type Operation = {
  operationId: string;
  summary: string;
  description?: string;
  tags: readonly string[];
  /** OpenAPI 4.8.30: empty requirements mean that no token is needed. */
  security?: readonly Json[];
  /** What each role may do: `all`, or the field that must have the caller's subject. */
  'x-access'?: Json;
  parameters: readonly (Parameter | { $ref: string })[];
  requestBody?: { required: boolean; content: Content };
  responses: Readonly<Record<string, Response>>;
};

export type Parameter = {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  description?: string;
  schema: TSchema;
  example?: unknown;
};

type Content = Readonly<Record<string, { schema: object; example?: unknown; examples?: Json }>>;
type Response = { description: string; headers?: Json; content?: Content };

/** An OpenAPI 3.1 document, as far as Plaza uses it. */
export type OpenApiDocument = {
  openapi: '3.1.0';
  info: { title: string; version: string; description: string; license: Json };
  servers: readonly { url: string }[];
  tags: readonly { name: string; description: string }[];
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  components: {
    schemas: Json;
    parameters: Readonly<Record<string, Parameter>>;
    headers: Json;
    securitySchemes: Json;
  };
};

const Problem = Type.Object(
  {
    type: Type.String({ pattern: '^/problems/', description: 'Stable: switch on it.' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.Optional(Type.String()),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          pointer: Type.String({ description: "JSON pointer (RFC 6901) into the request's data." }),
          detail: Type.String(),
        }),
      ),
    ),
    retryAfter: Type.Optional(Type.Integer({ description: 'Seconds, as in Retry-After.' })),
    position: Type.Optional(ReachedPosition),
  },
  { description: 'Problem details (RFC 9457).' },
);

const headerParameters: Readonly<Record<string, Parameter>> = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description:
      'Makes the command safe to repeat: the same key with the same command has the same answer and no second effect; with another command it is 422. Remembered for the last 2,000 commands of the resource. A command that names the id of what it makes is safe to repeat without.',
    schema: Type.String({ pattern: '^[\\x21-\\x7e]{1,255}$' }),
    example: '"8e03978e-40d5-43e8-bc93-6894a57f9324"',
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    required: false,
    description:
      'The command is done only if the resource stands at this ETag (or, with `*`, exists); else 412. It is never required, so nothing is answered with 428.',
    schema: Type.String(),
    example: '"3"',
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    required: false,
    description: '`*`: the command is done only if there is no such resource; else 412.',
    schema: Type.String({ enum: ['*'] }),
  },
  KnownBody: {
    name: 'If-None-Match',
    in: 'header',
    required: false,
    description: 'The ETag of an earlier answer: the answer is 304 without a body when it would be the same again.',
    schema: Type.String(),
    example: 'W/"9nUvoDoVMAkOhPyT3hU1dw"',
  },
  MinEventPosition: {
    name: 'Min-Event-Position',
    in: 'header',
    required: false,
    description:
      "The Event-Position of a command's answer: this answer shows at least what that command did, or is 503 view-behind.",
    schema: PositionText,
  },
  Prefer: {
    name: 'Prefer',
    in: 'header',
    required: false,
    description:
      '`wait=N` (RFC 7240): wait up to N seconds, at most 30, for Min-Event-Position. Of at most 1,000 characters.',
    schema: Type.String(),
    example: 'wait=5',
  },
};

/** The headers of a request that reads a view. */
const readingParameters: readonly { $ref: string }[] = ['MinEventPosition', 'Prefer', 'KnownBody'].map((name) => ({
  $ref: `#/components/parameters/${name}`,
}));

const answerHeaders = {
  ETag: { description: "The resource's revision, for If-Match.", schema: Type.String({ examples: ['"3"'] }) },
  Location: { description: 'The resource that the command changed.', schema: Type.String() },
  'Event-Position': {
    description: 'Where the command stands in the log: send it as Min-Event-Position to read your own write.',
    schema: PositionText,
  },
  'View-Position': { description: 'Every event up to here is in the answer.', schema: ReachedPosition },
  'View-Lag': {
    description:
      'How far the view is behind the event store, when last measured: `events=3, seconds=0.4, state=catching-up`.',
    schema: Type.String({ examples: ['events=0, seconds=0, state=live'] }),
  },
  Link: {
    description: 'The next page (RFC 8288).',
    schema: Type.String({ examples: ['</parking/lots?cursor=WyJ…>; rel="next"'] }),
  },
  'Preference-Applied': {
    description: 'The preference that was honoured (RFC 7240).',
    schema: Type.String({ examples: ['wait=5'] }),
  },
  'Retry-After': { description: 'Seconds.', schema: Type.Integer({ minimum: 0 }) },
} as const;

type AnswerHeader = keyof typeof answerHeaders;

/** Headers whose meaning depends on the operation. */
const queryHeaders = {
  BodyETag: {
    description: 'Changes with the body; for If-None-Match. It is weak: a command never takes it for a revision.',
    schema: Type.String({ examples: ['W/"9nUvoDoVMAkOhPyT3hU1dw"'] }),
  },
} as const;

const bodyETag: Json = { ETag: { $ref: '#/components/headers/BodyETag' } };

const notModified = { 304: { description: 'The answer that the client has is still right', headers: bodyETag } };

const headerRefs = (...names: AnswerHeader[]): Json =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

const commandProblems: readonly CommonProblem[] = [
  'malformed-json',
  'malformed-request',
  'invalid-request',
  'precondition-failed',
  'body-too-large',
  'unsupported-media-type',
  'out-of-range',
  'idempotency-key-reused',
  'overloaded',
  'event-store-unavailable',
  'written-by-newer',
];

const queryProblems: readonly CommonProblem[] = [
  'malformed-request',
  'invalid-request',
  'view-behind',
  'views-unavailable',
  'overloaded',
];

type NamedProblem = { name: string; status: number; title: string; retryAfter?: number };

const common = (names: readonly CommonProblem[]): NamedProblem[] =>
  names.map((name) => ({ name, ...commonProblems[name] }));

/** One answer for each status, with each of its problems as an example. */
const problemResponses = (problems: readonly NamedProblem[]): Record<string, Response> => {
  const statuses = [...new Set(problems.map(({ status }) => status))].sort((a, b) => a - b);
  return Object.fromEntries(
    statuses.map((status) => {
      const same = problems.filter((problem) => problem.status === status);
      return [
        String(status),
        {
          description: same.map(({ title }) => title).join('; '),
          ...(same.some(({ retryAfter }) => retryAfter !== undefined) ? { headers: headerRefs('Retry-After') } : {}),
          content: {
            'application/problem+json': {
              schema: { $ref: '#/components/schemas/Problem' },
              examples: Object.fromEntries(
                same.map(({ name, ...shown }) => [
                  name,
                  { summary: shown.title, value: { type: `/problems/${name}`, ...shown } },
                ]),
              ),
            },
          },
        },
      ];
    }),
  );
};

const pathParameters = (path: string, properties: TProperties): Parameter[] =>
  parameterNames(path).map((name) => {
    const schema = properties[name] ?? Id;
    return { name, in: 'path', required: true, schema, example: exampleOf(schema, name) };
  });

/** Two answers of one status, as one. */
const merged = (one: Response, other: Response): Response => {
  const types = Object.keys({ ...one.content, ...other.content });
  return {
    description: `${one.description}; ${other.description}`,
    headers: { ...one.headers, ...other.headers },
    content: Object.fromEntries(
      types.map((type) => {
        const [first, second] = [one.content?.[type], other.content?.[type]];
        if (!first || !second) return [type, (first ?? second)!];
        return [type, { ...first, examples: { ...first.examples, ...second.examples } }];
      }),
    ),
  };
};

/** Who may ask, and what those are told who may not. */
const guarded = (operation: Operation, rule: Rule): Operation => {
  const isOpen = rule.anyone === 'all';
  const shown = Object.fromEntries(
    Object.entries(rule).map(([role, grant]) => [role, grant === 'all' ? 'all' : { own: grant.own }]),
  );
  const isOwners = Object.values(rule).some((grant) => grant !== 'all');
  const refusals: CommonProblem[] = [
    'unauthenticated',
    ...(isOpen ? [] : ['forbidden' as const]),
    ...(isOwners ? ['not-found' as const] : []),
    'too-many-requests',
    'sign-in-unavailable',
  ];
  const more = problemResponses(common(refusals));
  const responses = { ...operation.responses };
  for (const [status, response] of Object.entries(more)) {
    const known = responses[status];
    responses[status] = known ? merged(known, response) : response;
  }
  return { ...operation, security: isOpen ? [{}, { bearer: [] }] : [{ bearer: [] }], 'x-access': shown, responses };
};

const omit = (object: TObject, names: readonly string[], optional: readonly string[] = []): TObject => {
  const { properties, required = [] } = object;
  return {
    ...object,
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name))),
    required: required.filter((name) => !names.includes(name) && !optional.includes(name)),
  } as TObject;
};

const json = (schema: TSchema | { $ref: string }, example: unknown): Content => ({
  'application/json': { schema, example },
});

/** Documents one context: its operations, and the schemas that they share. */
const describe = (
  context: ContextSchema,
): { operations: [path: string, method: string, Operation][]; schemas: Json } => {
  const schemas: Record<string, TSchema> = {};
  const names = new Map<TSchema, string>();
  const component = (schema: TSchema, name: string): { $ref: string } => {
    const known = names.get(schema) ?? `${context.name}.${name}`;
    names.set(schema, known);
    schemas[known] = schema;
    return { $ref: `#/components/schemas/${known}` };
  };
  for (const [name, { answer, item }] of Object.entries(context.queries)) if (answer === 'one') component(item, name);

  const commandOperation = (name: string, { summary, data, problems }: CommandSchema, http: CommandHttp): Operation => {
    const inPath = parameterNames(http.path);
    const body = omit(data, inPath, http.id === undefined ? [] : [http.id]);
    const hasBody = Object.keys(body.properties).length > 0;
    const own = problems.map((problem) => {
      const schema = context.problems[problem];
      if (!schema)
        throw new Error(`${context.name}.${name} answers ${problem}, which ${context.name} does not declare`);
      return { name: problem, ...schema };
    });
    return {
      operationId: `${context.name}.${name}`,
      summary,
      tags: [context.name],
      parameters: [
        ...pathParameters(http.path, data.properties),
        { $ref: '#/components/parameters/IdempotencyKey' },
        { $ref: '#/components/parameters/IfMatch' },
        { $ref: '#/components/parameters/IfNoneMatch' },
      ],
      ...(hasBody
        ? {
            requestBody: {
              required: (body.required ?? []).length > 0,
              content: json(component(body, name), exampleOf(body)),
            },
          }
        : {}),
      responses: {
        [http.status]: {
          description: http.status === 201 ? 'Created' : 'Done',
          headers: headerRefs('ETag', 'Location', 'Event-Position'),
          content: json(component(http.answer, `${name}.answer`), exampleOf(http.answer)),
        },
        ...(http.mayTakeLonger
          ? {
              202: {
                description: 'Accepted; ask at Location for the outcome',
                headers: headerRefs('Location', 'Event-Position'),
                content: json(component(http.answer, `${name}.answer`), exampleOf(http.answer)),
              },
            }
          : {}),
        ...problemResponses([...common(commandProblems), ...own]),
      },
    };
  };

  const queryOperation = (name: string, query: QuerySchema): Operation => {
    const { summary, path, filters, sorts, answer, item, parameters } = query;
    const itemRef = component(item, name);
    const isList = answer === 'list';
    const page = Type.Object({
      items: Type.Array(Type.Unsafe(itemRef), { maxItems: MAX_LIMIT }),
      next: Type.Optional(CursorText),
    });
    const example = isList ? { items: [exampleOf(item)] } : exampleOf(item);
    const listParameters: Parameter[] = [
      ...Object.entries(filters).map(
        ([filter, schema]): Parameter => ({ name: filter, in: 'query', required: false, schema }),
      ),
      ...(sorts.length > 0
        ? [
            {
              name: 'sort',
              in: 'query' as const,
              required: false,
              description: 'A field, or `-` and a field for the reverse. Left out: by id.',
              schema: SortText(sorts),
            },
          ]
        : []),
      { name: 'limit', in: 'query', required: false, description: 'Items on a page.', schema: Limit },
      {
        name: 'cursor',
        in: 'query',
        required: false,
        description: 'The `next` of the page before.',
        schema: CursorText,
      },
    ];
    return {
      operationId: `${context.name}.${name}`,
      summary,
      tags: [context.name],
      parameters: [
        ...pathParameters(path, { ...item.properties, ...parameters }),
        ...(isList ? listParameters : []),
        ...readingParameters,
      ],
      responses: {
        200: {
          description: isList ? 'A page' : 'The document',
          headers: {
            ...bodyETag,
            ...headerRefs('View-Position', 'View-Lag', 'Preference-Applied', ...(isList ? (['Link'] as const) : [])),
          },
          content: json(isList ? page : itemRef, example),
        },
        ...notModified,
        ...problemResponses(common(isList ? queryProblems : [...queryProblems, 'not-found'])),
      },
    };
  };

  const operations: [string, string, Operation][] = [];
  for (const [name, schema] of Object.entries(context.commands)) {
    const { http } = schema;
    if (http) operations.push([http.path, http.method.toLowerCase(), commandOperation(name, schema, http)]);
  }
  for (const [name, schema] of Object.entries(queriesOf(context)))
    operations.push([schema.path, 'get', queryOperation(name, schema)]);
  return { operations, schemas };
};

const systemOperations = (contexts: readonly ContextSchema[]): [string, string, Operation][] => {
  const document = (operationId: string, summary: string, type: string, schema: object): Operation => ({
    operationId,
    summary,
    tags: ['system'],
    parameters: [],
    responses: { 200: { description: summary, content: { [type]: { schema } } } },
  });
  const health = (operationId: string, summary: string): Operation => ({
    operationId,
    summary,
    tags: ['system'],
    parameters: [
      {
        name: 'verbose',
        in: 'query',
        required: false,
        description: 'Tell each check.',
        schema: Type.String({ maxLength: 0 }),
      },
    ],
    responses: {
      200: { description: 'Yes', content: { 'application/json': { schema: Health } } },
      503: { description: 'No', content: { 'application/json': { schema: Health } } },
    },
  });
  const overview = controlCenter(contexts);
  const activity = activities(contexts);
  return [
    [
      '/control-center',
      'get',
      {
        operationId: 'controlCenter',
        summary: 'Every context, its latest events and the projections, in one document',
        tags: ['control-center'],
        parameters: readingParameters,
        responses: {
          200: {
            description: 'The document',
            headers: { ...bodyETag, ...headerRefs('View-Position', 'Preference-Applied') },
            content: json({ $ref: '#/components/schemas/ControlCenter' }, exampleOf(overview)),
          },
          ...notModified,
          ...problemResponses(common(queryProblems)),
        },
      },
    ],
    [
      '/control-center/activity',
      'get',
      {
        operationId: 'controlCenterActivity',
        summary: 'How much of every context was taken, minute by minute',
        tags: ['control-center'],
        parameters: readingParameters,
        responses: {
          200: {
            description: 'The last hours',
            headers: { ...bodyETag, ...headerRefs('View-Position', 'Preference-Applied') },
            content: json(activity, exampleOf(activity)),
          },
          ...notModified,
          ...problemResponses(common(queryProblems)),
        },
      },
    ],
    [
      '/control-center/events',
      'get',
      {
        operationId: 'controlCenterEvents',
        summary: 'Events as they come into the views (server-sent events)',
        description:
          "Each message's id is where it stands, its data one event as in `/control-center`. Reconnecting with Last-Event-ID goes on there, without a gap or a repeat.",
        tags: ['control-center'],
        parameters: [
          { name: 'Last-Event-ID', in: 'header', required: false, schema: EventCursor },
          {
            name: 'after',
            in: 'query',
            required: false,
            description: 'Where to begin when there is no Last-Event-ID: `eventCursor` of /control-center.',
            schema: EventCursor,
          },
        ],
        responses: {
          200: { description: 'The stream', content: { 'text/event-stream': { schema: { type: 'string' } } } },
          ...problemResponses(common(['malformed-request', 'invalid-request', 'views-unavailable', 'overloaded'])),
        },
      },
    ],
    ...operatorsOperations(),
    ['/openapi.json', 'get', document('openApi', 'This document', 'application/json', { type: 'object' })],
    ['/asyncapi.json', 'get', document('asyncApi', 'The events (AsyncAPI 3)', 'application/json', { type: 'object' })],
    ['/reference', 'get', document('reference', 'This document as a page', 'text/html', { type: 'string' })],
    [
      '/problems/{name}',
      'get',
      {
        operationId: 'problem',
        summary: 'The page of a problem type: when it happens and what to do',
        tags: ['system'],
        parameters: [
          {
            name: 'name',
            in: 'path',
            required: true,
            schema: Type.String({ examples: ['lot-full'] }),
            example: 'lot-full',
          },
        ],
        responses: {
          200: { description: 'The page', content: { 'text/html': { schema: { type: 'string' } } } },
          ...problemResponses(common(['not-found'])),
        },
      },
    ],
    ['/livez', 'get', health('livez', 'Whether the process runs')],
    ['/metrics', 'get', document('metrics', "The process's metrics (Prometheus)", 'text/plain', { type: 'string' })],
    [
      '/sign-in',
      'get',
      {
        operationId: 'signIn',
        summary: 'How to get an access token, and whose the one is that was sent',
        tags: ['system'],
        parameters: [],
        responses: { 200: { description: 'How', content: json(SignIn, exampleOf(SignIn)) } },
      },
    ],
    ['/readyz', 'get', health('readyz', 'Whether the process can do its work')],
  ];
};

const operatorsOperations = (): [string, string, Operation][] => {
  const operation = (
    operationId: string,
    summary: string,
    status: number,
    answer: TSchema,
    problems: readonly CommonProblem[],
    more: Partial<Operation> = {},
  ): Operation => ({
    operationId,
    summary,
    tags: ['operations'],
    parameters: [],
    ...more,
    responses: {
      [status]: {
        description: status === 202 ? 'Accepted' : 'Done',
        content: json(answer, exampleOf(answer)),
      },
      ...problemResponses(common([...problems, 'views-unavailable'])),
    },
  });
  const body = (schema: TSchema): Partial<Operation> => ({
    requestBody: { required: true, content: json(schema, exampleOf(schema)) },
  });
  const bodyProblems: readonly CommonProblem[] = [
    'malformed-json',
    'malformed-request',
    'invalid-request',
    'body-too-large',
    'unsupported-media-type',
  ];
  const { parkedId } = ParkedEvent.properties;
  const { view } = Replay.properties;
  return [
    [
      '/operations/parked',
      'get',
      operation('parkedEvents', 'Events that could not be handled', 200, ParkedEvents, ['malformed-request'], {
        parameters: [
          { name: 'limit', in: 'query', required: false, description: 'Items on a page.', schema: Limit },
          {
            name: 'cursor',
            in: 'query',
            required: false,
            description: 'The `next` of the page before.',
            schema: CursorText,
          },
        ],
      }),
    ],
    [
      '/operations/parked/{parkedId}',
      'patch',
      operation(
        'changeParkedEvent',
        'Have a parked event handled once more, or left out for good',
        200,
        Type.Object({ parkedId, ...ParkedChange.properties }),
        [...bodyProblems, 'not-found'],
        {
          ...body(ParkedChange),
          parameters: [
            { name: 'parkedId', in: 'path', required: true, schema: parkedId, example: exampleOf(parkedId) },
          ],
        },
      ),
    ],
    ['/operations/replays', 'get', operation('replays', 'The last replay of each view', 200, Replays, [])],
    [
      '/operations/replays',
      'post',
      operation(
        'replayViews',
        'Make views anew from history, beside the live ones, then switch',
        202,
        Replays,
        [...bodyProblems, 'out-of-range', 'replay-running'],
        body(ReplayRequest),
      ),
    ],
    [
      '/operations/replays/{view}',
      'patch',
      operation(
        'stopReplay',
        'Stop a replay that goes on, for all of its views; what it has made is kept for when it is asked for again',
        202,
        Replays,
        [...bodyProblems, 'not-found'],
        {
          ...body(ReplayChange),
          parameters: [{ name: 'view', in: 'path', required: true, schema: view, example: exampleOf(view) }],
        },
      ),
    ],
  ];
};

const SignIn = Type.Object({
  signIn: Type.String({ enum: ['on', 'off'], description: 'Off: nobody needs a token.', examples: ['on'] }),
  issuer: Type.Optional(
    Type.Union([Type.String(), Type.Null()], {
      description: 'The OpenID provider; null: tokens are made by `npm run token`.',
      examples: ['https://login.example/realms/plaza'],
    }),
  ),
  clientId: Type.Optional(Type.String({ description: 'Of the page, for the code flow with PKCE.' })),
  audience: Type.Optional(Type.String({ description: 'What the token must be for (RFC 8707: `resource`).' })),
  caller: Type.Optional(
    Type.Object(
      {
        sub: Type.String({ examples: ['auth0|5f7c8ec7c33c6c004bbafe82'] }),
        id: Type.String({
          ...Id,
          description:
            'The customerId, userId, shopId or managerId of what the caller owns: `sub` where that is an id.',
          examples: ['sub-QapIeIfjxFwZskSLLwNlUvALLHjiOUbTkKfoRvatWOE'],
        }),
        roles: Type.Array(Type.String({ enum: [...roles] }), { examples: [['staff']] }),
        scope: Type.Optional(
          Type.Array(Type.String(), {
            description: 'What limits the roles: contexts and parts of them. Left out for a token without the claim.',
            examples: [['food-court:shop:1', 'parking']],
          }),
        ),
      },
      { description: 'Whose token was sent with the request.' },
    ),
  ),
});

const Health = Type.Object({
  status: Type.String({ enum: ['ok', 'failing', 'stopping'] }),
  checks: Type.Optional(
    Type.Record(Type.String(), Type.Object({ ok: Type.Boolean(), detail: Type.Optional(Type.String()) })),
  ),
});

/**
 * The OpenAPI 3.1 document of the contexts' commands and queries.
 * @throws Error when a command names a problem that its context does not declare
 */
export const openApi = (contexts: readonly ContextSchema[], version: string): OpenApiDocument => {
  const described = contexts.map(describe);
  const paths: Record<string, Record<string, Operation>> = {};
  for (const [path, method, operation] of [
    ...described.flatMap(({ operations }) => operations),
    ...systemOperations(contexts),
  ]) {
    const [context = '', name] = operation.operationId.split('.');
    const rule = name === undefined ? (systemAccess[`${method.toUpperCase()} ${path}`] ?? {}) : ruleOf(context, name);
    paths[path] = { ...paths[path], [method]: guarded(operation, rule) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Plaza',
      version,
      description:
        'Takes reservations. Commands change and are answered with where they stand in the log; queries read views, which follow the log a moment later. A defect of Plaza is 500 with the problem `/problems/internal-error`, on any path; a request that is hardly HTTP is 400, 408, 417 or 431 without a body.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: [
      ...contexts.map(({ name, title }) => ({ name, description: title })),
      { name: 'control-center', description: 'Control centre' },
      { name: 'operations', description: 'Operations' },
      { name: 'system', description: 'Documents and health' },
    ],
    paths,
    components: {
      schemas: Object.assign(
        { Problem, ControlCenter: controlCenter(contexts) },
        ...described.map((one) => one.schemas),
      ),
      parameters: headerParameters,
      headers: { ...answerHeaders, ...queryHeaders },
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'An access token (RFC 9068), where sign-in is on: see /sign-in.',
        },
      },
    },
  };
};
