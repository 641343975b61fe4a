import { CommandError, notImplemented } from './errors.ts';
import { partsOf } from './paths.ts';
import { compareValues, type Doc, isDoc, keyOf, setField, sum, toNumber, typeName } from './values.ts';

/**
 * Applies an update to a decoded document, which it may change, and returns the result.
 * @throws CommandError 66 when it would change the `_id`, 14 or 28 when an operator does not fit the document
 */
export type Update = (doc: Doc, inserting: boolean) => Doc;

/**
 * Compiles an update: operators, or a whole replacement.
 * @throws CommandError 9 for unknown modifiers, 14 for wrong operands, 40 for two operators on one path, 238 for a pipeline
 */
export const compileUpdate = (update: unknown): Update => {
  if (Array.isArray(update)) throw notImplemented('updates by an aggregation pipeline');
  if (!isDoc(update)) throw new CommandError(9, 'Update argument must be either an object or an array');
  if (isReplacement(update)) return replacement(update);
  const steps: Step[] = [];
  for (const [name, operand] of Object.entries(update)) {
    for (const step of compileModifier(name, operand)) {
      refuseConflict(steps, step.path);
      steps.push(step);
    }
  }
  // The real server applies operators, and so adds new fields, in the order of their paths.
  steps.sort((a, b) => (a.path < b.path ? -1 : 1));
  return (doc, inserting) => {
    const id = doc._id === undefined ? undefined : keyOf(doc._id);
    for (const { parts, apply } of steps) {
      apply(doc, parts, inserting);
      if (id && parts[0] === '_id' && !keyOf(doc._id).equals(id)) throw idChanged();
    }
    return doc;
  };
};

const refuseConflict = (steps: readonly Step[], path: string): void => {
  const other = steps.find((step) => `${path}.`.startsWith(`${step.path}.`) || step.path.startsWith(`${path}.`))?.path;
  if (other === undefined) return;
  const at = other.length < path.length ? other : path;
  throw new CommandError(40, `Updating the path '${path}' would create a conflict at '${at}'`);
};

export const isReplacement = (update: unknown): boolean => isDoc(update) && !Object.keys(update)[0]?.startsWith('$');

const replacement = (update: Doc): Update => {
  const dollar = Object.keys(update).find((name) => name.startsWith('$'));
  if (dollar) throw dollarPrefixed(dollar, "an update's replacement document");
  const { _id: given, ...rest } = update;
  return (doc) => {
    if (given !== undefined && doc._id !== undefined && compareValues(given, doc._id) !== 0) throw idChanged();
    const id = doc._id ?? given;
    return id === undefined ? { ...rest } : { _id: id, ...rest };
  };
};

const dollarPrefixed = (name: string, where: string): CommandError =>
  new CommandError(52, `The dollar ($) prefixed field '${name}' is not allowed in the context of ${where}.`);

const idChanged = (): CommandError =>
  new CommandError(66, "Performing an update on the path '_id' would modify the immutable field '_id'");

type Apply = (doc: Doc, parts: readonly string[], inserting: boolean) => void;
type Step = { path: string; parts: readonly string[]; apply: Apply };

function* compileModifier(name: string, operand: unknown): Generator<Step> {
  const compile = Object.hasOwn(MODIFIERS, name) ? MODIFIERS[name] : undefined;
  if (compile === undefined) {
    throw new CommandError(
      9,
      `Unknown modifier: ${name}. Expected a valid update modifier or pipeline-style update specified as an array`,
    );
  }
  if (!isDoc(operand)) {
    throw new CommandError(
      9,
      `Modifiers operate on fields but we found type ${typeName(operand)} instead. For example: {$mod: {<field>: ...}} not {${name}: ...}`,
    );
  }
  for (const [path, value] of Object.entries(operand)) yield { path, parts: pathOf(path), apply: compile(value, path) };
}

const pathOf = (path: string): string[] => {
  if (path === '') throw new CommandError(56, 'An empty update path is not valid.');
  const parts = partsOf(path);
  if (parts.includes(''))
    throw new CommandError(56, `The update path '${path}' contains an empty field name, which is not allowed.`);
  if (parts[0]?.startsWith('$')) throw dollarPrefixed(parts[0], 'an update');
  if (parts.some((part) => part.startsWith('$'))) throw notImplemented('positional updates');
  return parts;
};

const MODIFIERS: Record<string, (operand: unknown, path: string) => Apply> = {
  $set: (operand) => (doc, parts) => write(doc, parts, operand),
  $setOnInsert: (operand) => (doc, parts, inserting) => {
    if (inserting) write(doc, parts, operand);
  },
  $unset: () => remove,
  $inc: (operand, path) => {
    if (toNumber(operand) === undefined)
      throw new CommandError(14, `Cannot increment with non-numeric argument: {${path}: ...}`);
    return (doc, parts) => {
      const value = parts.reduce<unknown>((holder, part) => ownField(holder, part), doc);
      if (value !== undefined && toNumber(value) === undefined) {
        throw new CommandError(
          14,
          `Cannot apply $inc to a value of non-numeric type. The document has the field '${path}' of non-numeric type ${typeName(value)}`,
        );
      }
      write(doc, parts, value === undefined ? operand : sum(value, operand));
    };
  },
};

const ownField = (holder: unknown, name: string): unknown =>
  isDoc(holder) && Object.hasOwn(holder, name) ? holder[name] : undefined;

const write = (doc: Doc, parts: readonly string[], value: unknown): void => {
  let holder = doc;
  for (const [depth, part] of parts.entries()) {
    if (depth === parts.length - 1) {
      setField(holder, part, value);
      return;
    }
    if (!Object.hasOwn(holder, part)) setField(holder, part, {});
    const next = holder[part];
    if (!isDoc(next)) {
      throw new CommandError(28, `Cannot create field '${parts[depth + 1]}' in element {${part}: ${typeName(next)}}`);
    }
    holder = next;
  }
};

const remove: Apply = (doc, parts) => {
  const holder = parts.slice(0, -1).reduce<unknown>((value, part) => ownField(value, part), doc);
  if (isDoc(holder)) delete holder[parts.at(-1) as string];
};
