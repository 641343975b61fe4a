import type { Static, TObject } from 'typebox';
import type { ContextSchema } from '../../schemas/kernel/context.ts';
import type { ControlCenterEvent } from '../../schemas/kernel/control-center.ts';
import type { Phrase } from '../common/language.ts';
import type { Parameters } from '../common/templates.ts';

export type Item = Readonly<Record<string, unknown>>;

/** An event, as in histories and in the event stream. */
export type HappenedEvent = Static<typeof ControlCenterEvent> & { data: Item };

/** The names of resources by their ids, for each field that names one. */
export type Names = Readonly<Record<string, ReadonlyMap<string, string>>>;

/** A number on a context's card. */
export type Figure = { label: Phrase; value: number; tone?: 'good' | 'bad' | undefined };

/** A line of a context's card: one lot, one shop. */
export type Row = {
  to: string;
  label: string;
  note?: Phrase;
  /** Used and total: a bar shows the share. */
  taken?: number;
  of?: number;
  value: Phrase;
  /** Whether somebody must see to it: it comes first. A full one always does. */
  isUrgent?: boolean;
};

/** A list of resources: the query of its path. */
export type ListView = {
  title: Phrase;
  columns: readonly string[];
  /** The kind of the rows: the template of a resource's path. */
  thing?: string;
  /** The initial order: `-reservedAt`. */
  sort?: string;
  /** Commands that create another resource. */
  commands?: readonly string[];
};

/** One resource with its own view: state, related lists, and history. */
export type ThingView = {
  title: Phrase;
  heading(item: Item): string;
  fields: readonly string[];
  /** Related lists, by template. */
  lists?: readonly string[];
  /** Commands for its current state; the most frequent one first. */
  commands?(item: Item): readonly string[];
  /** Returns the values of fields that its commands call otherwise. */
  known?(item: Item): Item;
};

/**
 * A command in words.
 * @property effect what a dangerous one does to this resource, whose `{field}`s it names
 * @property warning what to consider before the command is given with these values
 * @property makes the id in its path that the form makes when the command is about a new resource
 */
export type CommandWords = Phrase & {
  danger?: boolean;
  effect?: Phrase;
  warning?(values: Item): Phrase | undefined;
  makes?: string;
  /** Whether a Plaza may lack the means for it: the page asks before it offers the command. */
  needsMeans?: true;
};

type Events<Schema extends ContextSchema> = Schema['events'];

type Data<Schema extends ContextSchema, Type extends keyof Events<Schema>> = Static<Events<Schema>[Type]['data']>;

type Overview<Schema extends ContextSchema> = Schema['overview'] extends TObject ? Static<Schema['overview']> : never;

/** The names of the commands that have a route. */
type Command<Schema extends ContextSchema> = string extends keyof Schema['commands']
  ? string
  : {
      [Name in keyof Schema['commands'] & string]: Schema['commands'][Name] extends { http: object } ? Name : never;
    }[keyof Schema['commands'] & string];

/** How the page shows a context: that of a schema has every event, command and refusal of it. */
export type ContextView<Schema extends ContextSchema = ContextSchema> = {
  name: Schema['name'];
  /** The place among the contexts, as in `programs/contexts.ts`. */
  order: number;
  title: Phrase;
  /** The label of the plot's line. */
  level: Phrase;
  figures(overview: Overview<Schema>): readonly Figure[];
  /** @param now in milliseconds */
  rows(overview: Overview<Schema>, now: number): readonly Row[];
  /** The number of rows if the overview contained every resource. */
  rowsInAll(overview: Overview<Schema>): number;
  /** The list with the remaining rows. */
  all: string;
  /** Other lists for staff. */
  lists: Readonly<Record<string, ListView>>;
  things: Readonly<Record<string, ThingView>>;
  /** The template of the resource that a field names, where the field is not the last one of that template. */
  links?: Readonly<Record<string, string>>;
  commands: Readonly<Record<Command<Schema>, CommandWords>>;
  /**
   * The source of a form field's choices, by field (`lines.menuId` in a row): a list, its query, where `{customerId}`
   * is that of the form's resource, and the fields that are shown, with spaces between them.
   */
  choices?: Readonly<Record<string, { list: string; query?: Readonly<Record<string, string>>; label: string }>>;
  /** In Korean; the English texts come from Plaza. */
  problems: Readonly<Record<keyof Schema['problems'] & string, string>>;
  /** Each event in words, with `{field}`s of its data, and `{left}` for what is left after it. */
  words: { readonly [Type in keyof Events<Schema> & string]: Phrase | ((data: Data<Schema, Type>) => Phrase) };
  /** The templates of the resources that an event can be about: the first whose ids it has. */
  about: readonly string[];
  /** How many are left in a resource by id, and by how much an event changes that (null: the event does not say). */
  left?: {
    words: Phrase;
    /** The field that names the resource. */
    place: string;
    now(overview: Overview<Schema>): ReadonlyMap<string, number>;
    changes: {
      readonly [Type in keyof Events<Schema> & string]?: number | null | ((data: Data<Schema, Type>) => number);
    };
  };
  names?(overview: Overview<Schema>): Names;
  /** The lists and resources of a customer, by the field that names the customer in their paths or queries. */
  customer?: { field: string; shows: readonly string[] };
};

/** The list or resource of a context that a page shows: the template of its path, and the values in the path. */
export type ViewProps = { view: ContextView; template: string; parameters: Parameters };

/** Declares how a context is shown. The type check fails when an event, command or refusal of its schema is missing. */
export const contextView = <Schema extends ContextSchema>(view: ContextView<Schema>): ContextView =>
  view as unknown as ContextView;
