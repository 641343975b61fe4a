import { type Static, type TObject, type TProperties, type TSchema, Type } from 'typebox';
import type { Role, Rules } from '../access.ts';

/**
 * An event type as it is stored. Its name and its past versions are permanent: events are never rewritten, so a change
 * of shape is a new version and an upcaster from the previous one.
 */
export type EventSchema<Data extends TSchema = TSchema> = {
  version: number;
  data: Data;
  /** `upcasters[n]` turns the data of version n into that of version n + 1. */
  upcasters: Readonly<Record<number, (data: never) => unknown>>;
  summary: string;
};

/** The upcasters of an event whose version 2 only adds an optional field. */
export const optionalFieldAdded: EventSchema['upcasters'] = { 1: (data: object) => data };

/** Declares an event's current version. @param upcasters one per past version, keyed by the version it reads */
export const event = <Data extends TSchema>(
  summary: string,
  data: Data,
  version = 1,
  upcasters: EventSchema['upcasters'] = {},
): EventSchema<Data> => ({ version, data, upcasters, summary });

/** A refusal of a command: RFC 9457 problem details with the type `/problems/{name}`. */
export type ProblemSchema = {
  status: 402 | 404 | 409 | 422 | 503;
  title: string;
  /** Seconds, sent as Retry-After. */
  retryAfter?: number;
};

/**
 * A command. Its data is the path's parameters and the body's properties in one object, which the decider gets.
 * Without `http` it is internal: only policies issue it.
 */
export type CommandSchema<Data extends TObject = TObject> = {
  summary: string;
  data: Data;
  http?: CommandHttp;
  /** The names of its refusals, besides those that every command has. */
  problems: readonly string[];
};

export type CommandHttp = {
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With `{name}` for the data that the path carries. */
  path: string;
  /** The id that the server makes when the body has none. With an id from the client the command is safe to repeat. */
  id?: string;
  /** 201 with Location for a created resource, 202 for an accepted change, else 200. */
  status: 200 | 201 | 202;
  /** Whether it may be answered with 202 before its outcome is known; Location then shows its progress. */
  mayTakeLonger?: true;
  /** The resource that the command changed, for Location. */
  location: string;
  answer: TObject;
};

/** Declares a command that comes over HTTP. */
export const command = <Data extends TObject>(
  summary: string,
  data: Data,
  http: CommandHttp,
  problems: readonly string[] = [],
): CommandSchema<Data> & { http: CommandHttp } => ({ summary, data, http, problems });

/** Declares a command that only policies issue. */
export const internalCommand = <Data extends TObject>(summary: string, data: Data): CommandSchema<Data> => ({
  summary,
  data,
  problems: [],
});

/** A query over one read model: a page of documents, or one document. */
export type QuerySchema<Item extends TObject = TObject> = {
  summary: string;
  path: string;
  /** The fields of the read model that may be filtered by, as query parameters: each has an index. */
  filters: TProperties;
  /** The fields a list may be sorted by (`sort=name`, `sort=-name`): each has an index. */
  sorts: readonly string[];
  answer: 'one' | 'list';
  item: Item;
  /** Optional fields of an item that `anyone` in the query's rule does not see: only roles that the rule names do. */
  personal?: readonly string[];
  /** The path's parameters that are not fields of the item and not plain ids. */
  parameters?: TProperties;
  /** Values that the documents of a list must have, for a list of a part of its view. */
  only?: Readonly<Record<string, string>>;
};

/**
 * A query that a view answers. One document is found by its `_id`, the path's parameters joined with `.`; a list is
 * filtered by the fields that are named like the path's parameters. The view's indexes derive from its queries.
 */
export type ViewQuery = QuerySchema & { view: string };

/** Declares the view that answers some queries. @param view `parking.lots`: the name of its projection and collection */
export const inView = <Queries extends Readonly<Record<string, QuerySchema>>>(view: string, queries: Queries) =>
  Object.fromEntries(Object.entries(queries).map(([name, query]) => [name, { ...query, view }])) as {
    [Name in keyof Queries]: Queries[Name] & { view: string };
  };

/** The names in a path: `lotId` for `/parking/lots/{lotId}`. */
export const parameterNames = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);

/** Declares a query that answers `{items, next?}`. */
export const list = <Item extends TObject>(
  summary: string,
  path: string,
  item: Item,
  { filters = {}, sorts = [], ...rest }: Partial<Pick<QuerySchema, 'filters' | 'sorts' | 'personal' | 'only'>> = {},
): QuerySchema<Item> => ({ summary, path, filters, sorts, answer: 'list', item, ...rest });

/** Declares a query that answers one document, or 404. */
export const one = <Item extends TObject>(summary: string, path: string, item: Item): QuerySchema<Item> => ({
  summary,
  path,
  filters: {},
  sorts: [],
  answer: 'one',
  item,
});

/** The part of a context that a token can be limited to: a shop, by the field that names it in commands, events and views. */
export type ScopeSchema = {
  kind: string;
  field: string;
  /** The scope of local roles without a scope claim: the whole context, or the part with the caller's id in the field. */
  roles?: Readonly<Partial<Record<Role, 'all' | 'own'>>>;
};

/** The schema of one bounded context. */
export type ContextSchema = {
  name: string;
  title: string;
  /** Undefined when a token can be limited only to the whole context. */
  scope?: ScopeSchema;
  events: Readonly<Record<string, EventSchema>>;
  commands: Readonly<Record<string, CommandSchema>>;
  queries: Readonly<Record<string, ViewQuery>>;
  /** The rules of its commands and queries. One that is not listed is refused to everybody. */
  access?: Rules;
  problems: Readonly<Record<string, ProblemSchema>>;
  /** The schema of the context's part of the control centre. */
  overview?: TObject;
};

/** The union `{type, data}` of the events declared in a record of schemas. */
export type EventOf<Events extends Readonly<Record<string, EventSchema>>> = {
  [Type in keyof Events & string]: { type: Type; data: Static<Events[Type]['data']> };
}[keyof Events & string];

/** The union `{type, data}` of the commands declared in a record of schemas. */
export type CommandOf<Commands extends Readonly<Record<string, CommandSchema>>> = {
  [Type in keyof Commands & string]: { type: Type; data: Static<Commands[Type]['data']> };
}[keyof Commands & string];

/** An object schema that refuses unknown properties. */
export const Strict = <Properties extends TProperties>(properties: Properties) =>
  Type.Object(properties, { additionalProperties: false });
