import { type TSchema, Type } from 'typebox';
import { ReachedPosition } from '../kernel/control-center.ts';
import { defined } from '../kernel/defined.ts';
import { PositionText } from '../kernel/history.ts';
import type { Json, Parameter } from './document.ts';

const header = (name: string, description: string, schema: TSchema, example?: string): Parameter => ({
  name,
  in: 'header',
  required: false,
  description,
  schema,
  ...defined({ example }),
});

/** The request headers of commands and queries. */
export const headerParameters = {
  IdempotencyKey: header(
    'Idempotency-Key',
    'Makes the command safe to repeat: the same key with the same command has the same answer and no second effect; with another command it is 422. Remembered for the last 2,000 commands of the resource. A command that names the id of the new resource is safe to repeat without it while what it made stands; after that the repeat is refused (409).',
    Type.String({ pattern: '^[\\x21-\\x7e]{1,255}$' }),
    '"8e03978e-40d5-43e8-bc93-6894a57f9324"',
  ),
  IfMatch: header(
    'If-Match',
    'The command is accepted only if the resource has this ETag (or, with `*`, exists); else 412. It is never required, so 428 is not used.',
    Type.String(),
    '"3"',
  ),
  IfNoneMatch: header(
    'If-None-Match',
    '`*`: the command is accepted only if the resource does not exist; else 412.',
    Type.String({ enum: ['*'] }),
  ),
  KnownBody: header(
    'If-None-Match',
    'The ETag of an earlier answer: the answer is 304 without a body when it would be the same again.',
    Type.String(),
    'W/"9nUvoDoVMAkOhPyT3hU1dw"',
  ),
  AcceptDatetime: header(
    'Accept-Datetime',
    'Like As-Of, as an HTTP date (RFC 7089): up to the end of that second.',
    Type.String(),
    'Sat, 31 Jan 2026 09:00:00 GMT',
  ),
  AsOf: header(
    'As-Of',
    'Answers as of an earlier moment: a position of the log, or a time with an offset. Of a time, the events up to the one with the latest time at or before it count. Not both this and Accept-Datetime.',
    Type.String({ maxLength: 40 }),
    '2026-01-31T09:00:00.000Z',
  ),
  MinEventPosition: header(
    'Min-Event-Position',
    "The Event-Position of a command's answer: the answer includes that command's effect, or is 503 view-behind.",
    PositionText,
  ),
  Prefer: header(
    'Prefer',
    '`wait=N` (RFC 7240): wait up to N seconds, at most 30, for Min-Event-Position. Of at most 1,000 characters.',
    Type.String(),
    'wait=5',
  ),
} as const satisfies Readonly<Record<string, Parameter>>;

/** Refers to headers of a request. */
export const parameterRefs = (...names: (keyof typeof headerParameters)[]): { $ref: string }[] =>
  names.map((name) => ({ $ref: `#/components/parameters/${name}` }));

/** The headers of a request that reads a view. */
export const readingParameters = parameterRefs('MinEventPosition', 'Prefer', 'KnownBody', 'AsOf', 'AcceptDatetime');

/** The headers of answers, by name. `BodyETag` is the ETag of a query. */
export const headerComponents = {
  ETag: { description: "The resource's revision, for If-Match.", schema: Type.String({ examples: ['"3"'] }) },
  Location: { description: 'The resource that the command changed.', schema: Type.String() },
  'Idempotent-Replayed': {
    description: '`true`: the answer to an earlier request, which this one repeats.',
    schema: Type.Literal('true'),
  },
  'Event-Position': {
    description: 'The position of the command in the log: send it as Min-Event-Position to read your own write.',
    schema: PositionText,
  },
  'View-Position': { description: 'The answer includes every event up to this position.', schema: ReachedPosition },
  'Memento-Datetime': {
    description: 'With As-Of or Accept-Datetime: when the last event of the answer happened (RFC 7089).',
    schema: Type.String({ examples: ['Sat, 31 Jan 2026 09:00:00 GMT'] }),
  },
  'View-Lag': {
    description:
      "The view's lag behind the event store when last measured: `events=3, seconds=0.4, state=catching-up`. While no process works on the view, `seconds` grows and `events` is left out: `seconds=32.0, state=stopped`.",
    schema: Type.String({ examples: ['events=0, seconds=0, state=live'] }),
  },
  Link: {
    description: 'The next page (RFC 8288).',
    schema: Type.String({ examples: ['</parking/lots?cursor=WyJ…>; rel="next"'] }),
  },
  'Preference-Applied': {
    description: 'The preference that was applied (RFC 7240).',
    schema: Type.String({ examples: ['wait=5'] }),
  },
  'Retry-After': { description: 'Seconds.', schema: Type.Integer({ minimum: 0 }) },
  BodyETag: {
    description: 'Changes with the body; for If-None-Match. It is weak: it is never a revision for a command.',
    schema: Type.String({ examples: ['W/"9nUvoDoVMAkOhPyT3hU1dw"'] }),
  },
} as const;

/** Refers to the headers of an answer. */
export const headerRefs = (...names: (keyof typeof headerComponents)[]): Json =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

export const bodyETag: Json = { ETag: { $ref: '#/components/headers/BodyETag' } };

export const notModified = { 304: { description: 'The answer has not changed', headers: bodyETag } };

/** The answer while the views of an earlier moment are built. */
export const building = {
  202: {
    description: 'The views as of that moment are being built: repeat the request',
    headers: headerRefs('Retry-After'),
    content: { 'application/json': { schema: { $ref: '#/components/schemas/MomentProgress' } } },
  },
};
