import { Type } from 'typebox';
import { admin, anyone, type Rule, roles, staff } from './access.ts';
import { activities } from './kernel/activity.ts';
import { Causes } from './kernel/causes.ts';
import {
  type CommandHttp,
  type CommandSchema,
  type ContextSchema,
  command,
  type QuerySchema,
} from './kernel/context.ts';
import { controlCenter, EventCursor } from './kernel/control-center.ts';
import { FoundPage, SEARCH, SearchText } from './kernel/found.ts';
import { EventId } from './kernel/history.ts';
import {
  EventStoreChange,
  EventStoreState,
  LivingDemo,
  ParkedChange,
  ParkedEvent,
  Replay,
  ReplayChange,
  ReplayRequest,
  Replays,
} from './kernel/operations.ts';
import { CursorText, Limit, Moment } from './kernel/paging.ts';
import { type CommonProblem, queryProblems } from './kernel/problems.ts';
import { list, one } from './kernel/queries.ts';
import { Report, ReportPeriod } from './kernel/report.ts';
import { Id, Strict } from './kernel/values.ts';
import type { Parameter } from './openapi/document.ts';

/** An answer that is not the JSON of a query: a page, a stream, metrics, or health, whose status matters too. */
export type DocumentSchema = {
  summary: string;
  description?: string;
  path: string;
  /** `required` only in a query: a path's parameters always are. */
  parameters?: readonly (Omit<Parameter, 'required'> & { required?: true })[];
  answers: Readonly<
    Record<
      number,
      {
        description: string;
        type: string;
        schema: object;
        /** Other types that the client may ask for with Accept, with their schemas. */
        otherTypes?: Readonly<Record<string, object>>;
      }
    >
  >;
  problems: readonly CommonProblem[];
  /** Whether it has an ETag, and answers If-None-Match with 304. */
  isTagged?: boolean;
  /** Whether it reads views like any query: after an event, and as of an earlier moment. */
  isView?: boolean;
};

/**
 * A resource that belongs to no context, declared like those of a context: its access rule, and a query, a command or a
 * document. Paths, methods, access and OpenAPI all derive from it.
 */
export type SystemResource = Resource & { tag: Tag; access: Rule };

type Tag = 'control-center' | 'operations' | 'system';

type Resource =
  /** `isView`: whether it reads views, so that Min-Event-Position applies. */
  | { query: QuerySchema; isView?: true; component?: string }
  | { command: CommandSchema & { http: CommandHttp }; problems: readonly CommonProblem[] }
  | { document: DocumentSchema };

type Resources = Readonly<Record<string, Resource & { access?: Rule }>>;

/** Declares the resources of a tag. Those that name no access have that of the tag. */
const tagged = (tag: Tag, access: Rule, resources: Resources) =>
  Object.fromEntries(Object.entries(resources).map(([name, resource]) => [name, { tag, access, ...resource }]));

const SignIn = Type.Object({
  signIn: Type.String({ enum: ['on', 'off'], description: 'Off: no request needs a token.', examples: ['on'] }),
  issuer: Type.Optional(
    Type.Union([Type.String(), Type.Null()], {
      description: 'The OpenID provider; null: tokens are made by `npm run token`.',
      examples: ['https://login.example/realms/plaza'],
    }),
  ),
  clientId: Type.Optional(Type.String({ description: 'Of the page, for the code flow with PKCE.' })),
  audience: Type.Optional(Type.String({ description: 'The audience that a token must have (RFC 8707: `resource`).' })),
  caller: Type.Optional(
    Type.Object(
      {
        sub: Type.String({ examples: ['auth0|5f7c8ec7c33c6c004bbafe82'] }),
        id: Type.String({
          ...Id,
          description: 'The customerId, userId, shopId or managerId of the caller: `sub` if that is an id.',
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
      { description: 'The sender of the request, from its token.' },
    ),
  ),
});

const Health = Type.Object({
  status: Type.String({ enum: ['ok', 'failing', 'stopping'] }),
  checks: Type.Optional(
    Type.Record(Type.String(), Type.Object({ ok: Type.Boolean(), detail: Type.Optional(Type.String()) })),
  ),
});

/** The roles that may read the control centre. */
export const controlCenterReaders: Rule = { shop: 'all', manager: 'all', ...staff };

const document = (summary: string, path: string, type: string, schema: object): DocumentSchema => ({
  summary,
  path,
  answers: { 200: { description: summary, type, schema } },
  problems: [],
});

/** Declares a document that changes only with the program or the request's host: it has an ETag. */
const taggedDocument = (...given: Parameters<typeof document>): DocumentSchema => ({
  ...document(...given),
  isTagged: true,
});

const health = (summary: string, path: string): DocumentSchema => ({
  summary,
  path,
  parameters: [
    {
      name: 'verbose',
      in: 'query',
      description: 'Adds the outcome of each check.',
      schema: Type.String({ maxLength: 0 }),
    },
  ],
  answers: {
    200: { description: 'Yes', type: 'application/json', schema: Health },
    503: { description: 'No', type: 'application/json', schema: Health },
  },
  problems: [],
});

const { parkedId } = ParkedEvent.properties;
const { view } = Replay.properties;

/** Says what the occupancy of each context is. */
const reportWords = (contexts: readonly ContextSchema[]): string =>
  [
    'Days and hours are those of `TIME_ZONE`. An event counts in the day or hour in which it happened. A token whose scope is a part of the context is refused. The occupancy:',
    ...contexts.flatMap(({ title, report }) => (report ? [`- ${title}: ${report.occupancy}`] : [])),
  ].join('\n');

/** The path of an event's causes and effects. */
export const causesPath = '/history/{eventId}/causes';

const controlCenterResources = (contexts: readonly ContextSchema[]): Resources => ({
  controlCenter: {
    query: one(
      'Every context, its latest events and the projections, in one document',
      '/control-center',
      controlCenter(contexts),
    ),
    isView: true,
    component: 'ControlCenterDocument',
  },
  controlCenterActivity: {
    query: one('The level of use of every context, minute by minute', '/control-center/activity', activities(contexts)),
    isView: true,
  },
  controlCenterEvents: {
    document: {
      summary: 'Events as they reach the views (server-sent events)',
      description:
        "Each message's id is its position, its data one event as in `/control-center`. A client that reconnects with Last-Event-ID continues there, without a gap or a repeat. An id beyond the end of the log, as after a restore from an older copy, gets the message `event: reset` within seconds: the client reads the state again, and events follow from the end of the log. The stream ends when the token expires.",
      path: '/control-center/events',
      parameters: [
        { name: 'Last-Event-ID', in: 'header', schema: EventCursor },
        {
          name: 'after',
          in: 'query',
          description: 'The start without Last-Event-ID: `eventCursor` of /control-center.',
          schema: EventCursor,
        },
      ],
      answers: { 200: { description: 'The stream', type: 'text/event-stream', schema: { type: 'string' } } },
      problems: ['malformed-request', 'invalid-request', 'views-unavailable', 'overloaded'],
    },
  },
  causes: {
    document: {
      summary: 'What happened for the same reason as an event, in every context',
      description:
        'The commands and events with the same correlation id: a request and everything that policies and process managers did because of it. Each command names its cause, which makes them a tree. A token with a scope sees the events within it.',
      path: causesPath,
      parameters: [
        {
          name: 'eventId',
          in: 'path',
          description: 'Of any entry of a history; the `causationId` of an event that a policy caused.',
          schema: EventId,
          example: '0190163d-8694-739b-aea5-966c26f8ad91',
        },
      ],
      answers: { 200: { description: 'The tree', type: 'application/json', schema: Causes } },
      problems: ['malformed-request', 'invalid-request', 'not-found', 'view-behind', 'views-unavailable', 'overloaded'],
      isTagged: true,
    },
  },
  search: {
    document: {
      summary: 'Documents of every context by a word of a name, a plate, a phone number, an e-mail address or an id',
      description:
        'Names first, then plates, phone numbers and ids, each in the order of the text. A text is found by its beginning; a name also from its second, third or fourth word on and by the initial consonants of its syllables (`ㅈㅈ` finds 정자), a plate by its last digits, a phone number of at least seven digits in any spelling (`010-1234-5678`, `+82 10 1234 5678`). Case, spaces and Unicode forms do not matter. The answer has the documents that the caller may read.',
      path: SEARCH,
      parameters: [
        { name: 'q', in: 'query', required: true, schema: SearchText },
        {
          name: 'context',
          in: 'query',
          description: 'Only documents of this context.',
          schema: Type.String({ enum: contexts.map(({ name }) => name) }),
        },
        { name: 'limit', in: 'query', schema: Limit },
        { name: 'cursor', in: 'query', schema: CursorText },
      ],
      answers: { 200: { description: 'A page', type: 'application/json', schema: FoundPage } },
      problems: queryProblems,
      isTagged: true,
      isView: true,
    },
  },
  contextReport: {
    access: staff,
    document: {
      summary: "A context's bookings, cancellations, no-shows, revenue, refunds and occupancy by day or hour",
      description: reportWords(contexts),
      path: '/control-center/reports/{context}',
      parameters: [
        {
          name: 'context',
          in: 'path',
          schema: Type.String({ enum: contexts.flatMap(({ name, report }) => (report ? [name] : [])) }),
          ...(contexts[0] ? { example: contexts[0].name } : {}),
        },
        {
          name: 'from',
          in: 'query',
          description: 'In the first day or hour. Default: 30 days, or 24 hours, before `to`.',
          schema: Moment,
        },
        {
          name: 'to',
          in: 'query',
          description: 'After the last day or hour; at most 1,100 days, or 366 by hour, after `from`. Default: now.',
          schema: Moment,
        },
        { name: 'by', in: 'query', schema: ReportPeriod },
      ],
      answers: {
        200: {
          description: 'The report; as a CSV file (RFC 4180, UTF-8 with a byte order mark) for `Accept: text/csv`',
          type: 'application/json',
          schema: Report,
          otherTypes: { 'text/csv': { type: 'string' } },
        },
      },
      problems: [...queryProblems, 'not-found'],
      isTagged: true,
      isView: true,
    },
  },
});

const operations: Resources = {
  parkedEvents: { query: list('Events that could not be handled', '/operations/parked', ParkedEvent) },
  changeParkedEvent: {
    access: admin,
    command: command(
      'Handle a parked event once more, or discard it',
      Strict({ parkedId, ...ParkedChange.properties }),
      {
        route: 'PATCH /operations/parked/{parkedId}',
        answer: Type.Object({ parkedId, ...ParkedChange.properties }),
      },
    ),
    problems: ['not-found'],
  },
  replays: { query: one('The last replay of each view', '/operations/replays', Replays) },
  replayViews: {
    access: admin,
    command: command('Rebuild views from history beside the live ones, then switch', ReplayRequest, {
      route: 'POST /operations/replays',
      status: 202,
      answer: Replays,
    }),
    problems: ['out-of-range', 'replay-running'],
  },
  stopReplay: {
    access: admin,
    command: command(
      'Stop a running replay, for all of its views; it continues from there when it is requested again',
      Strict({ view, ...ReplayChange.properties }),
      { route: 'PATCH /operations/replays/{view}', status: 202, answer: Replays },
    ),
    problems: ['not-found'],
  },
  eventStoreState: {
    query: one(
      'Whether the event store is the one that the views were made of',
      '/operations/event-store',
      EventStoreState,
    ),
  },
  acceptEventStore: {
    access: admin,
    command: command(
      'Accept the history of the event store: the views are built anew from it, and the policies begin at its first event, unless it has every event that they have handled',
      EventStoreChange,
      { route: 'PATCH /operations/event-store', status: 202, answer: EventStoreState },
    ),
    problems: [],
  },
  demo: {
    query: one('The living demo: whether it can be started, and whether it runs', '/operations/demo', LivingDemo),
  },
  startDemo: {
    access: admin,
    command: command('Fill an empty Plaza with a living demo, or continue it', Strict({}), {
      route: 'POST /operations/demo',
      status: 202,
      answer: LivingDemo,
    }),
    problems: ['demo-unavailable'],
  },
  stopDemo: {
    access: admin,
    command: command('Stop the demo; its data stays', Strict({}), {
      route: 'DELETE /operations/demo',
      status: 202,
      answer: LivingDemo,
    }),
    problems: ['demo-unavailable'],
  },
};

const documents: Resources = {
  openApi: {
    document: taggedDocument('This document', '/openapi.json', 'application/json', { type: 'object' }),
  },
  asyncApi: {
    document: taggedDocument('The events (AsyncAPI 3)', '/asyncapi.json', 'application/json', { type: 'object' }),
  },
  reference: {
    document: taggedDocument('This document as a page', '/reference', 'text/html', { type: 'string' }),
  },
  problem: {
    document: {
      ...taggedDocument('The page of a problem type: its cause and remedy', '/problems/{name}', 'text/html', {
        type: 'string',
      }),
      parameters: [{ name: 'name', in: 'path', schema: Type.String({ examples: ['lot-full'] }), example: 'lot-full' }],
      problems: ['malformed-request', 'not-found'],
    },
  },
  livez: { document: health('Whether the process runs', '/livez') },
  metrics: {
    access: admin,
    document: document("The process's metrics (Prometheus)", '/metrics', 'text/plain', { type: 'string' }),
  },
  signIn: {
    query: one('How to get an access token, and the caller of the token that was sent', '/sign-in', SignIn),
  },
  readyz: { document: health('Whether the process can do its work', '/readyz') },
};

/** Every resource that belongs to no context, by its operation id. */
export const systemResources = (contexts: readonly ContextSchema[]): Readonly<Record<string, SystemResource>> => ({
  ...tagged('control-center', controlCenterReaders, controlCenterResources(contexts)),
  ...tagged('operations', staff, operations),
  ...tagged('system', anyone, documents),
});

/** Returns the path and the access rule of a resource. */
export const routeOf = (resource: SystemResource) => {
  const { tag, access } = resource;
  if ('command' in resource) {
    const { method, path } = resource.command.http;
    return { tag, access, method, path };
  }
  const { path } = 'query' in resource ? resource.query : resource.document;
  return { tag, access, method: 'GET' as const, path };
};

/** The route of every resource that belongs to no context. */
export const systemRoutes = Object.values(systemResources([])).map(routeOf);
