import type { Static, TObject, TProperties, TSchema } from 'typebox';
import type { Role, Rules } from '../access.ts';
import { defined } from './defined.ts';
import type { SearchKind } from './search.ts';

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

const same = (data: object): object => data;

/**
 * Declares an event's current version.
 * @param upcasters by the version that they read; a past version without one differs only in optional fields
 */
export const event = <Data extends TSchema>(
  summary: string,
  data: Data,
  version = 1,
  upcasters: EventSchema['upcasters'] = {},
): EventSchema<Data> => {
  const past = Array.from({ length: version - 1 }, (_, index) => [index + 1, same]);
  return { version, data, upcasters: { ...Object.fromEntries(past), ...upcasters }, summary };
};

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
  /** Optional fields that only callers of a role may leave out, each with the role. Without sign-in nobody may. */
  optionalFor?: Readonly<Record<string, Role>>;
  /** The optional flags of the data that the query carries: `?cancel=true`. */
  inQuery?: readonly string[];
  /** The id that the server makes when the body has none. With an id from the client the command is safe to repeat. */
  id?: string;
  /** 201 with Location for a created resource, 202 for an accepted change, else 200. */
  status: 200 | 201 | 202;
  /** Whether it is refused where the process has no steps for it; OPTIONS of its resource then leaves its method out. */
  needsSteps?: true;
  /** Whether it may be answered with 202 before its outcome is known; Location then shows its progress. */
  mayTakeLonger?: true;
  /** Set when it looks and acts in every context: a token with a scope claim is refused. */
  everywhere?: true;
  /** The resource that the command changed, for Location. */
  location: string;
  answer: TObject;
};

/** A command's HTTP as it is declared: what follows from the route may be left out. */
export type CommandRoute = Omit<CommandHttp, 'method' | 'path' | 'status' | 'location'> &
  Partial<Pick<CommandHttp, 'status' | 'location'>> & { route: `${CommandHttp['method']} /${string}` };

/**
 * With an `id` a command creates the resource of that id below its path, with 201; otherwise it changes the resource
 * that its path names up to the last parameter, with 200.
 */
const httpOf = ({ route, ...declared }: CommandRoute): CommandHttp => {
  const [method, path] = route.split(' ') as [CommandHttp['method'], string];
  const { id } = declared;
  return id === undefined
    ? { method, path, status: 200, location: path.replace(/(.*\}).*/, '$1'), ...declared }
    : { method, path, status: 201, location: `${path}/{${id}}`, ...declared };
};

/** Declares a command. Without a route only policies, timers and the steps of other commands issue it. */
export const command = <Data extends TObject, Route extends CommandRoute | undefined = undefined>(
  summary: string,
  data: Data,
  route?: Route,
  problems: readonly string[] = [],
) => {
  const declared = { summary, data, ...defined({ http: route && httpOf(route) }), problems };
  return declared as CommandSchema<Data> & (Route extends CommandRoute ? { http: CommandHttp } : unknown);
};

/** A query over one read model: a page of documents, or one document. */
export type QuerySchema<Item extends TObject = TObject> = {
  summary: string;
  path: string;
  /** The fields of the read model that may be filtered by, as query parameters: each has an index. */
  filters: TProperties;
  /** The fields a list may be sorted by (`sort=name`, `sort=-name`): each has an index. */
  sorts: readonly string[];
  /** The time or day that `from` and `to` apply to: one of the sorts, whose index they use. */
  range?: string;
  /**
   * The text that may be searched by prefix, ignoring case and spaces (`namePrefix`). It has an index, or those of
   * `search` when the view's documents are searched by it as a name.
   */
  prefix?: string;
  /** The values of `status` of closed items: they come after the open ones unless the request names an order. */
  closed?: readonly string[];
  /** The sort, of texts, by which the open and then the closed items come; left out, by id. */
  closedBy?: string;
  answer: 'one' | 'list';
  item: Item;
  /**
   * Optional fields of an item that `anyone` and the `impersonal` grants of the query's rule do not show: only the
   * other roles that the rule names see them.
   */
  personal?: readonly string[];
  /** The path's parameters that are not fields of the item and not plain ids. */
  parameters?: TProperties;
  /** Values that the documents of a list must have, for a list of a part of its view. */
  only?: Readonly<Record<string, string>>;
  /** The document before its first event, besides the path's parameters, for one that exists until it is deleted. */
  otherwise?: Readonly<Record<string, unknown>>;
  position?: PositionSchema;
  /** Fields whose current value is that of another view's document, by name. */
  current?: Readonly<Record<string, CurrentField>>;
  /** Returns the item of a stored document, for a view that stores another form. */
  present?(stored: object): object;
  /** The fields by which the control centre's search finds the document: each has an index. */
  search?: Readonly<Record<string, SearchKind>>;
  /** False for a document that is part of another one, which has their events. */
  hasHistory?: false;
};

/** A field that is read from another view's document of the same field name. */
export type CurrentField = {
  view: string;
  /** The field of the item that contains the `_id` of the document. */
  by: string;
};

/** A field that is counted when a document is read: its place, from 1, among documents of its view. */
export type PositionSchema = {
  /** The field of the item, which only documents with the values in `among` get. */
  field: string;
  /** The field, with integers, by which the documents are ordered. */
  by: string;
  /** The fields whose values the counted documents share. */
  within: readonly string[];
  among: Readonly<Record<string, string>>;
};

/**
 * A query that a view answers. One document is found by its `_id`, the path's parameters joined with `.`; a list is
 * filtered by the fields that are named like the path's parameters. The view's indexes derive from its queries.
 */
export type ViewQuery = QuerySchema & {
  view: string;
  /** Its `prefix` finds a name as the search does: also from its later words on, and by initial consonants. */
  byWords?: boolean;
};

/** The names in a path: `lotId` for `/parking/lots/{lotId}`. */
export const parameterNames = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);

/** Returns the fields of a command's data that show where the addressed thing is, or will be. */
export const locatingFields = ({ data }: CommandSchema, { id, path }: CommandHttp): string[] =>
  id === undefined ? parameterNames(path) : Object.keys(data.properties);

/**
 * The part of a context that a token can be limited to: a shop, by the field that names it in commands, events and
 * views.
 */
export type ScopeSchema = {
  kind: string;
  field: string;
  /**
   * The scope of local roles without a scope claim: the whole context, or the part with the caller's id in the field.
   */
  roles?: Readonly<Partial<Record<Role, 'all' | 'own'>>>;
};

/** The report of a context: what `report` in projections/kernel counts. */
export type ReportSchema = {
  /** Names the amount in use and its capacity, for the documents. */
  occupancy: string;
  /**
   * The view of resources that take place at a time, such as showings: each counts in the period in which it begins.
   * Left out when the report's view holds the levels, which count over time.
   */
  places?: {
    view: string;
    /** The field with the resource's day or first moment. */
    at: string;
    taken: string;
    capacity: string;
    /** Values of which the documents must have one. */
    only?: Readonly<Record<string, readonly string[]>>;
  };
};

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
  /** Queries that anyone may use where a setting is `on`, each with the setting. */
  publicBy?: Readonly<Record<string, string>>;
  problems: Readonly<Record<string, ProblemSchema>>;
  /** The schema of the context's part of the control centre. */
  overview?: TObject;
  /** Undefined when the context has no report. */
  report?: ReportSchema;
};

/** The union `{type, data}` of the events declared in a record of schemas. */
export type EventOf<Events extends Readonly<Record<string, EventSchema>>> = {
  [Type in keyof Events & string]: { type: Type; data: Static<Events[Type]['data']> };
}[keyof Events & string];

/** The union `{type, data}` of the commands declared in a record of schemas. */
export type CommandOf<Commands extends Readonly<Record<string, CommandSchema>>> = {
  [Type in keyof Commands & string]: { type: Type; data: Static<Commands[Type]['data']> };
}[keyof Commands & string];
