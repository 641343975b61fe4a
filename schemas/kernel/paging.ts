import { type TSchema, Type } from 'typebox';
import type { QuerySchema, ViewQuery } from './context.ts';
import { TEXT_PATTERN } from './values.ts';

/** The largest and the default number of items on a page. */
export const MAX_LIMIT = 200;
export const DEFAULT_LIMIT = 50;

/** `limit`: items on a page. */
export const Limit = Type.Integer({ minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT });

/** `cursor`: the start of a page, from the previous page. */
export const CursorText = Type.String({ pattern: '^[A-Za-z0-9_-]{1,1024}$', description: 'Opaque.' });

/** The most matches that `count` counts. */
export const MAX_COUNT = 10_000;

/** `count=true`: the answer also says how many items match, on all pages. */
export const CountFlag = Type.Boolean({ default: false });

/** `count`: the number of items on all pages. */
export const MatchCount = Type.Integer({
  minimum: 0,
  maximum: MAX_COUNT,
  description: `The items on all pages, with \`count=true\`; ${MAX_COUNT} stands for that many or more.`,
});

/** `from` and `to`: a moment with any offset (RFC 3339). */
export const Moment = Type.String({ format: 'date-time', examples: ['2026-01-31T09:00:00+09:00'] });

/** Returns the name of the parameter that searches a field by prefix. */
export const prefixParameter = (field: string): string => `${field}Prefix`;

/** `x-by-words`: it takes the beginning of any of the first words of a name. */
type ListParameter = { description?: string; schema: TSchema; 'x-by-words'?: true };

/** Returns the query parameters of a list except those of its pages, by name. */
export const listParameters = (
  query: QuerySchema & Pick<ViewQuery, 'byWords'>,
): Readonly<Record<string, ListParameter>> => {
  const { filters, sorts, range, prefix, byWords } = query;
  return {
    ...Object.fromEntries(Object.entries(filters).map(([name, schema]) => [name, { schema }])),
    ...(range === undefined
      ? {}
      : {
          from: { description: `Items whose \`${range}\` is at this moment or later.`, schema: Moment },
          to: { description: `Items whose \`${range}\` is before this moment.`, schema: Moment },
        }),
    ...(prefix === undefined
      ? {}
      : {
          [prefixParameter(prefix)]: {
            description: `Items whose \`${prefix}\` begins with this text${byWords ? ', also from its second, third or fourth word on or by its initial consonants' : ''}, ignoring case, spaces and Unicode forms.`,
            schema: Type.String({ minLength: 1, maxLength: 200, pattern: TEXT_PATTERN }),
            ...(byWords ? { 'x-by-words': true as const } : {}),
          },
        }),
    ...(sorts.length === 0
      ? {}
      : {
          sort: {
            description: `A field, or \`-\` and a field for the reverse. Default: ${defaultOrder(query)}.`,
            schema: Type.String({ enum: sorts.flatMap((field) => [field, `-${field}`]) }),
          },
        }),
  };
};

const defaultOrder = ({ range, prefix, closed = [], closedBy }: QuerySchema): string =>
  [
    ...(prefix === undefined ? [] : ['by the text that begins with a prefix']),
    ...(range === undefined ? [] : [`by \`${range}\` with \`from\` or \`to\``]),
    closed.length > 0
      ? `those that are not ${closed.join(' or ')} first, each by ${closedBy === undefined ? 'id' : `\`${closedBy}\``}`
      : 'by id',
  ].join(', else ');
