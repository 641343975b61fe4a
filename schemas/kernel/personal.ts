import type { TProperties, TSchema } from 'typebox';
import type { ContextSchema, EventSchema } from './context.ts';

/** The text in place of a required personal field of a customer who was erased. An optional field is left out. */
export const ERASED = '(erased)';

/**
 * The event after which a customer's key is erased: from there on nothing that was encrypted with it is read. Every
 * view with personal fields takes it.
 */
export const CUSTOMER_ERASED = 'CustomerErased';

/** Its data: the key's name, since the customer may return and then gets another one. */
export type CustomerErased = { customerId: string; key: string };

/** The mark of a personal field: who it is about, and the values that say nothing about that person. */
export type PersonalMark = {
  /** The field of the same object that names the person. */
  owner: string;
  /** Plaza's own words, such as the reason `no-show`: they are never encrypted, since rules and reports read them. */
  except: readonly unknown[];
  /** The value in place of a required field of a person who was erased. */
  erased: unknown;
};

/** A symbol, since validators and documents must not take the mark for a keyword of JSON Schema. */
const MARK = Symbol('personal');

/**
 * Marks a field of an event, or of a view's item, as personal: a name, a car number, an address or free text. In events
 * it is encrypted with the key of the person whom the field `owner` of the same object names.
 * @param owner a field with a customer's id; ids are pseudonyms and stay
 */
export const personal =
  (owner: string, { except = [], erased = ERASED }: Partial<Omit<PersonalMark, 'owner'>> = {}) =>
  <Schema extends TSchema>(schema: Schema): Schema => ({ ...schema, [MARK]: { owner, except, erased } });

export type PersonalField = PersonalMark & { name: string; optional: boolean };

/** Returns the personal fields among an object's properties. */
export const personalFieldsOf = ({ properties, required = [] }: { properties: TProperties; required?: string[] }) =>
  Object.entries(properties).flatMap(([name, schema]): PersonalField[] => {
    const mark = (schema as { [MARK]?: PersonalMark })[MARK];
    return mark ? [{ name, optional: !required.includes(name), ...mark }] : [];
  });

/** The personal fields of an event type; all of them are about one person. */
export type PersonalEvent = { owner: string; fields: readonly PersonalField[] };

const personalEvent = (type: string, { data }: EventSchema): PersonalEvent | undefined => {
  const schema = data as unknown as Parameters<typeof personalFieldsOf>[0];
  const fields = personalFieldsOf(schema);
  const [first] = fields;
  if (!first) return undefined;
  const { owner } = first;
  if (fields.some((field) => field.owner !== owner))
    throw new TypeError(`${type} has the personal fields of two people`);
  if (!Object.hasOwn(schema.properties, owner)) throw new TypeError(`${type} has no ${owner}, whose fields it marks`);
  return { owner, fields };
};

/**
 * Returns the event types of some contexts that have personal fields.
 * @throws TypeError when an event has the fields of two people, or lacks the field that names the person
 */
export const personalEvents = (
  contexts: readonly Pick<ContextSchema, 'events'>[],
): ReadonlyMap<string, PersonalEvent> =>
  new Map(
    contexts.flatMap(({ events }) =>
      Object.entries(events).flatMap(([type, schema]): [string, PersonalEvent][] => {
        const found = personalEvent(type, schema);
        return found ? [[type, found]] : [];
      }),
    ),
  );

/** Returns whether a field has a value about a person: there is one, and it is not one of Plaza's own words. */
export const isSecret = ({ name, except }: PersonalField, values: Readonly<Record<string, unknown>>): boolean =>
  values[name] !== undefined && !except.includes(values[name]);

/** Returns whether an event's data has personal values. */
export const hasSecrets = ({ owner, fields }: PersonalEvent, values: Readonly<Record<string, unknown>>): boolean =>
  typeof values[owner] === 'string' && fields.some((field) => isSecret(field, values));
