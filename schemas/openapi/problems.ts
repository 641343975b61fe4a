import { Type } from 'typebox';
import { ReachedPosition } from '../kernel/control-center.ts';
import { type CommonProblem, commonProblems } from '../kernel/problems.ts';
import { Money } from '../kernel/values.ts';
import type { Response } from './document.ts';
import { headerRefs } from './headers.ts';

export const Problem = Type.Object(
  {
    type: Type.String({ pattern: '^/problems/', description: 'Stable: switch on it.' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.Optional(Type.String()),
    existing: Type.Optional(Type.String({ description: 'The path of the resource that is in the way.' })),
    price: Type.Optional(
      Type.Integer({ ...Money, description: 'The price that counts now, of what the request asked for.' }),
    ),
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

/** The problems of every command. */
export const bodyProblems: readonly CommonProblem[] = [
  'malformed-json',
  'malformed-request',
  'invalid-request',
  'body-too-large',
  'unsupported-media-type',
];

/** The problems of every command of a context. */
export const commandProblems: readonly CommonProblem[] = [
  ...bodyProblems,
  'precondition-failed',
  'out-of-range',
  'idempotency-key-reused',
  'too-many-conflicts',
  'overloaded',
  'event-store-unavailable',
  'wrong-event-store',
  'written-by-newer',
  'foreign-event',
  'stream-truncated',
];

export type NamedProblem = { name: string; status: number; title: string; retryAfter?: number };

export const common = (names: readonly CommonProblem[]): NamedProblem[] =>
  names.map((name) => ({ name, ...commonProblems[name] }));

/** One answer for each status, with each of its problems as an example. */
export const problemResponses = (problems: readonly NamedProblem[]): Record<string, Response> => {
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
              schema: { $ref: '#/components/schemas/ProblemDetails' },
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
