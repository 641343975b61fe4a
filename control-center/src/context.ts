import type { Static, TObject } from 'typebox';
import type { ContextSchema } from '../../schemas/kernel/context.ts';
import type { Phrase } from './language.ts';
import type { Parameters } from './templates.ts';

/** An event, as the histories and the stream tell it. */
export type HappenedEvent = {
  context: string;
  type: string;
  data: Readonly<Record<string, unknown>>;
  time: string;
  actor: string;
  correlationId: string;
  causationId: string;
  commandId: string;
  stream: string;
  revision: string;
  position: string;
};

export type Item = Readonly<Record<string, unknown>>;

/** What is known besides an event when it is told. */
export type Known = {
  /** A thing's name by its id; the id itself when the overview does not tell. */
  name(id: string): string;
  /** How much was left in the event's place after it. */
  left: number | undefined;
};

/** A number on a context's card. */
export type Figure = { label: Phrase; value: number; tone?: 'good' | 'bad' };

/** A line of a context's card: a lot, a shop. */
export type Row = {
  to: string;
  label: string;
  note?: Phrase;
  /** So much of so much is taken. */
  taken?: number;
  of?: number;
  value: Phrase;
};

/** A list of resources: the query of its path. */
export type ListView = {
  title: Phrase;
  columns: readonly string[];
  /** What each row is: the template of a thing's path. */
  thing?: string;
  /** The order at first: `-reservedAt`. */
  sort?: string;
  /** Commands that make another. */
  commands?: readonly string[];
};

/** One resource with its own view: state, what belongs to it, and its history. */
export type ThingView = {
  title: Phrase;
  heading(item: Item): string;
  fields: readonly string[];
  /** Lists that belong to it, by template. */
  lists?: readonly string[];
  /** Commands that it can take as it is now; the first is what is done most. */
  commands?(item: Item): readonly string[];
};

/** What belongs to a customer: a list, or one thing. */
export type Belonging = {
  path?: (id: string) => Parameters;
} & ({ list: string; query?: (id: string) => Readonly<Record<string, string>> } | { thing: string });

type Events<Schema extends ContextSchema> = Schema['events'];

/** How the page shows a context: all it needs to know of it. */
export type ContextView = {
  name: string;
  /** The place among the contexts, as in `programs/contexts.ts`. */
  order: number;
  title: Phrase;
  /** What the plot's line shows. */
  level: Phrase;
  figures(overview: never): readonly Figure[];
  rows(overview: never): readonly Row[];
  /** How many rows there would be if the overview named every resource. */
  rowsInAll(overview: never): number;
  /** Where the rest of the rows are. */
  all: string;
  /** Other lists that staff look at. */
  lists: Readonly<Record<string, ListView>>;
  things: Readonly<Record<string, ThingView>>;
  /** The template behind each field that names a resource. */
  links: Readonly<Record<string, string>>;
  commands: Readonly<Record<string, Phrase & { danger?: boolean }>>;
  /** Where a form's choices come from, by field (`lines.menuId` in a row): a list, and the field that is shown. */
  choices?: Readonly<Record<string, { list: string; query?: Readonly<Record<string, string>>; label: string }>>;
  /** In Korean; in English they are told by Plaza itself. */
  problems: Readonly<Record<string, string>>;
  words: Readonly<Record<string, (data: never, known: Known) => Phrase>>;
  /** The thing that an event is about: its link. */
  about(data: Ids): string | undefined;
  /** What is left of a thing by id, and by how much an event changes that (null: by how much is not told). */
  left?: {
    now(overview: never): ReadonlyMap<string, number>;
    place(data: Ids): string | undefined;
    changes: Readonly<Record<string, number | null>>;
  };
  names(overview: never): ReadonlyMap<string, string>;
  customer?: readonly Belonging[];
};

type Command<Schema extends ContextSchema> = {
  [Name in keyof Schema['commands'] & string]: Schema['commands'][Name] extends { http: object } ? Name : never;
}[keyof Schema['commands'] & string];

type Data<Schema extends ContextSchema, Type extends keyof Events<Schema>> = Static<Events<Schema>[Type]['data']>;

/** The ids in an event's data, by their names. */
type Ids = Readonly<Partial<Record<string, string>>>;

type OverviewOf<Schema extends ContextSchema> = Schema['overview'] extends TObject ? Static<Schema['overview']> : never;

/**
 * Declares how a context is shown. Whatever its schema has must be here: an event, a command or a refusal that is
 * forgotten does not compile.
 */
export const contextView = <Schema extends ContextSchema>(view: {
  name: Schema['name'];
  order: number;
  title: Phrase;
  level: Phrase;
  figures(overview: OverviewOf<Schema>): readonly Figure[];
  rows(overview: OverviewOf<Schema>): readonly Row[];
  rowsInAll(overview: OverviewOf<Schema>): number;
  all: string;
  lists: Readonly<Record<string, ListView>>;
  things: Readonly<Record<string, ThingView>>;
  links: Readonly<Record<string, string>>;
  commands: Readonly<Record<Command<Schema>, Phrase & { danger?: boolean }>>;
  choices?: ContextView['choices'];
  problems: Readonly<Record<keyof Schema['problems'] & string, string>>;
  words: { readonly [Type in keyof Events<Schema> & string]: (data: Data<Schema, Type>, known: Known) => Phrase };
  about(data: Ids): string | undefined;
  left?: {
    now(overview: OverviewOf<Schema>): ReadonlyMap<string, number>;
    place(data: Ids): string | undefined;
    changes: Readonly<Partial<Record<keyof Events<Schema> & string, number | null>>>;
  };
  names(overview: OverviewOf<Schema>): ReadonlyMap<string, string>;
  customer?: readonly Belonging[];
}): ContextView => view as unknown as ContextView;
