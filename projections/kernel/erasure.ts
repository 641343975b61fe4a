import { isDeepStrictEqual } from 'node:util';
import type { Document } from 'mongodb';
import type { ContextSchema } from '../../schemas/kernel/context.ts';
import { type PersonalField, personalEvents, personalFieldsOf } from '../../schemas/kernel/personal.ts';

/** The personal data in the documents of a view. */
export type PersonalDocuments = {
  /** The field, with dots, that has the customer's id. */
  owner: string;
  /**
   * Returns a document after the customer was erased: what a replay makes of the customer's events without their
   * personal fields. The same document when it has none; null to delete it.
   */
  erase(document: Document): Document | null;
};

/** Returns an object with the placeholders of an erased person. */
export const erasedFields = (fields: readonly PersonalField[], values: Document): Document => {
  const erased: Document = {};
  for (const [name, value] of Object.entries(values)) {
    const field = fields.find((each) => each.name === name);
    if (!field || field.except.includes(value)) erased[name] = value;
    else if (!field.optional) erased[name] = field.erased;
  }
  return isDeepStrictEqual(erased, values) ? values : erased;
};

/**
 * Returns the personal data of a view whose items have marked fields; undefined for any other view. A field is left out
 * after an erasure if the events that have it leave it out.
 * @throws TypeError when the view's events do not have a marked field, or do not agree on leaving it out
 */
export const personalDocuments = (
  context: ContextSchema,
  view: string,
  events: readonly string[],
): PersonalDocuments | undefined => {
  const items = Object.values(context.queries).flatMap((query) =>
    query.view === view ? personalFieldsOf(query.item as never) : [],
  );
  const [first] = items;
  if (!first) return undefined;
  const { owner } = first;
  const inEvents = [...personalEvents([context])].flatMap(([type, { fields }]) =>
    events.includes(type) ? fields : [],
  );
  const fields = [...new Map(items.map((item) => [item.name, item])).values()].map((item) => {
    const ways = new Set(inEvents.flatMap(({ name, optional }) => (name === item.name ? [optional] : [])));
    if (ways.size !== 1 || item.owner !== owner)
      throw new TypeError(`${view}: it is unclear what remains of ${item.name} after an erasure`);
    return { ...item, optional: ways.has(true) };
  });
  return { owner, erase: (document) => erasedFields(fields, document) };
};

/** Returns the personal data in the history of a context; undefined when its events have none. */
export const personalHistory = (context: ContextSchema): PersonalDocuments | undefined => {
  const personal = personalEvents([context]);
  const owners = [...new Set([...personal.values()].map(({ owner }) => owner))];
  const [owner] = owners;
  if (owner === undefined) return undefined;
  if (owners.length > 1) throw new TypeError(`the events of ${context.name} name persons as ${owners.join(' and ')}`);
  return {
    owner: `data.${owner}`,
    erase(document) {
      const data = erasedFields(personal.get(document.type)?.fields ?? [], document.data);
      return data === document.data ? document : { ...document, data };
    },
  };
};
