import { CommandError, notImplemented } from './errors.ts';
import { type Doc, isDoc, keyOf, setField, sum, toNumber, typeName } from './values.ts';

/**
 * Applies an update to a decoded document, which it may change, and returns the result.
 * @throws CommandError 66 when it would change the `_id`, 14 when an operator does not fit the document
 */
export type Update = (doc: Doc) => Doc;

/**
 * Compiles an update: operators, or a whole replacement.
 * @throws CommandError 9 for unknown modifiers, 14 for wrong operands, 40 for two operators on one field, 238 for a
 *   pipeline and for paths
 */
export const compileUpdate = (update: unknown): Update => {
  if (Array.isArray(update)) throw notImplemented('updates by an aggregation pipeline');
  if (!isDoc(update)) throw new CommandError(9, 'Update argument must be either an object or an array');
  if (isReplacement(update)) return replacement(update);
  const steps: Step[] = [];
  for (const [modifier, operand] of Object.entries(update)) {
    for (const step of compileModifier(modifier, operand)) {
      const { name } = step;
      if (steps.some((other) => other.name === name))
        throw new CommandError(40, `Updating the path '${name}' would create a conflict at '${name}'`);
      steps.push(step);
    }
  }
  // The real server applies operators, and so adds new fields, in the order of their names.
  steps.sort((a, b) => (a.name < b.name ? -1 : 1));
  return (doc) => {
    const id = doc._id === undefined ? undefined : keyOf(doc._id);
    for (const { name, apply } of steps) {
      apply(doc, name);
      if (id && name === '_id' && !keyOf(doc._id).equals(id)) throw idChanged();
    }
    return doc;
  };
};

export const isReplacement = (update: unknown): boolean => isDoc(update) && !Object.keys(update)[0]?.startsWith('$');

const replacement = (update: Doc): Update => {
  const dollar = Object.keys(update).find((name) => name.startsWith('$'));
  if (dollar) throw dollarPrefixed(dollar, "an update's replacement document");
  const { _id: given, ...rest } = update;
  return (doc) => {
    if (given !== undefined && doc._id !== undefined && !keyOf(given).equals(keyOf(doc._id))) throw idChanged();
    const id = doc._id ?? given;
    return id === undefined ? { ...rest } : { _id: id, ...rest };
  };
};

const dollarPrefixed = (name: string, where: string): CommandError =>
  new CommandError(52, `The dollar ($) prefixed field '${name}' is not allowed in the context of ${where}.`);

const idChanged = (): CommandError =>
  new CommandError(66, "Performing an update on the path '_id' would modify the immutable field '_id'");

type Apply = (doc: Doc, name: string) => void;
type Step = { name: string; apply: Apply };

function* compileModifier(modifier: string, operand: unknown): Generator<Step> {
  const compile = Object.hasOwn(MODIFIERS, modifier) ? MODIFIERS[modifier] : undefined;
  if (compile === undefined) {
    throw new CommandError(
      9,
      `Unknown modifier: ${modifier}. Expected a valid update modifier or pipeline-style update specified as an array`,
    );
  }
  if (!isDoc(operand)) {
    throw new CommandError(
      9,
      `Modifiers operate on fields but we found type ${typeName(operand)} instead. For example: {$mod: {<field>: ...}} not {${modifier}: ...}`,
    );
  }
  for (const [name, value] of Object.entries(operand)) yield { name: fieldName(name), apply: compile(value, name) };
}

const fieldName = (name: string): string => {
  if (name === '') throw new CommandError(56, 'An empty update path is not valid.');
  if (name.includes('.')) throw notImplemented('updates of paths');
  if (name.startsWith('$')) throw dollarPrefixed(name, 'an update');
  return name;
};

const MODIFIERS: Record<string, (operand: unknown, name: string) => Apply> = {
  $set: (operand) => (doc, name) => setField(doc, name, operand),
  $unset: () => (doc, name) => {
    delete doc[name];
  },
  $inc: (operand, name) => {
    if (toNumber(operand) === undefined)
      throw new CommandError(14, `Cannot increment with non-numeric argument: {${name}: ...}`);
    return (doc) => {
      const value = Object.hasOwn(doc, name) ? doc[name] : undefined;
      if (value !== undefined && toNumber(value) === undefined) {
        throw new CommandError(
          14,
          `Cannot apply $inc to a value of non-numeric type. The document has the field '${name}' of non-numeric type ${typeName(value)}`,
        );
      }
      setField(doc, name, value === undefined ? operand : sum(value, operand));
    };
  },
};
