import { CommandError, notImplemented } from './errors.ts';
import { isOperators } from './match.ts';
import { type Doc, isDoc, setField, toNumber, truthy } from './values.ts';

export type Projection = (doc: Doc) => Doc;

/**
 * Compiles a projection: all inclusion or all exclusion, except for `_id`. Returns undefined for an empty one.
 * @throws CommandError 31253 or 31254 when inclusion and exclusion are mixed, 31325 for operators, 238 for computed
 *   fields and paths
 */
export const compileProjection = (spec: Doc): Projection | undefined => {
  const entries = Object.entries(spec).map(([name, value]) => [name, isIncluded(name, value)] as const);
  if (entries.length === 0) return undefined;
  const rest = entries.filter(([name]) => name !== '_id');
  const id = entries.find(([name]) => name === '_id')?.[1];
  const inclusive = rest.length > 0 ? rest[0]![1] : id === true;
  const odd = rest.find(([, included]) => included !== inclusive)?.[0];
  if (odd !== undefined) {
    throw inclusive
      ? new CommandError(31254, `Cannot do exclusion on field ${odd} in inclusion projection`)
      : new CommandError(31253, `Cannot do inclusion on field ${odd} in exclusion projection`);
  }
  const named = new Set(rest.map(([name]) => name));
  if (inclusive ? id !== false : id === false) named.add('_id');
  return (doc) => {
    const shown: Doc = {};
    for (const [name, value] of Object.entries(doc)) if (named.has(name) === inclusive) setField(shown, name, value);
    return shown;
  };
};

const isIncluded = (name: string, value: unknown): boolean => {
  if (name === '') throw new CommandError(40352, 'FieldPath cannot be constructed with empty string');
  if (name.includes('.') || (isDoc(value) && !isOperators(value))) throw notImplemented('projections of paths');
  if (name.startsWith('$'))
    throw new CommandError(16410, `FieldPath field names may not start with '$', given '${name}'.`);
  if (isOperators(value)) throw new CommandError(31325, `Unknown expression ${Object.keys(value)[0]}`);
  if (typeof value !== 'boolean' && toNumber(value) === undefined) throw notImplemented('computed projections');
  return truthy(value);
};
