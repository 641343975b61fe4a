import { CommandError, notImplemented } from './errors.ts';
import { isOperators } from './match.ts';
import { type Doc, isDoc, setField, toNumber, truthy } from './values.ts';

export type Projection = (doc: Doc) => Doc;

/** The fields named by a projection. `true` ends a path. */
type Tree = { [name: string]: Tree | true };

/**
 * Compiles a projection: all inclusion or all exclusion, except for `_id`. Returns undefined for an empty one.
 * @throws CommandError 31253 or 31254 when inclusion and exclusion are mixed, 31325 for operators, 238 for computed fields
 */
export const compileProjection = (spec: Doc): Projection | undefined => {
  const entries = flatten(spec);
  if (entries.length === 0) return undefined;
  const rest = entries.filter(([path]) => path !== '_id');
  const id = entries.find(([path]) => path === '_id')?.[1];
  const inclusive = rest.length > 0 ? rest[0]![1] : id === true;
  const odd = rest.find(([, included]) => included !== inclusive)?.[0];
  if (odd !== undefined) {
    throw inclusive
      ? new CommandError(31254, `Cannot do exclusion on field ${odd} in inclusion projection`)
      : new CommandError(31253, `Cannot do inclusion on field ${odd} in exclusion projection`);
  }
  const tree = emptyTree();
  for (const [path] of rest) plant(tree, path);
  if (inclusive ? id !== false : id === false) tree._id = true;
  return (doc) => project(doc, tree, inclusive) as Doc;
};

/** Has no prototype, so that `__proto__` is a name like any other. */
const emptyTree = (): Tree => Object.create(null);

/** `{ a: { b: 1 } }` means the same as `{ 'a.b': 1 }`. */
const flatten = (spec: Doc, prefix = ''): [path: string, included: boolean][] =>
  Object.entries(spec).flatMap<[string, boolean]>(([name, value]) => {
    const path = prefix + name;
    checkPath(path);
    if (isOperators(value)) throw new CommandError(31325, `Unknown expression ${Object.keys(value)[0]}`);
    if (isDoc(value) && Object.keys(value).length > 0) return flatten(value, `${path}.`);
    if (typeof value !== 'boolean' && toNumber(value) === undefined) throw notImplemented('computed projections');
    return [[path, truthy(value)]];
  });

const checkPath = (path: string): void => {
  if (path === '') throw new CommandError(40352, 'FieldPath cannot be constructed with empty string');
  const parts = path.split('.');
  if (parts.includes('')) throw new CommandError(15998, 'FieldPath field names may not be empty strings.');
  if (parts.length > 1 && parts.at(-1) === '$') throw notImplemented('positional projections');
  const dollar = parts.find((part) => part.startsWith('$'));
  if (dollar) throw new CommandError(16410, `FieldPath field names may not start with '$', given '${dollar}'.`);
};

const plant = (tree: Tree, path: string): void => {
  const parts = path.split('.');
  const name = parts.pop() as string;
  let node = tree;
  for (const [depth, part] of parts.entries()) {
    const next = node[part] ?? emptyTree();
    if (next === true) {
      const left = [...parts, name].slice(depth + 1).join('.');
      throw new CommandError(31249, `Path collision at ${path} remaining portion ${left}`);
    }
    node[part] = next;
    node = next;
  }
  if (node[name] !== undefined) throw new CommandError(31250, `Path collision at ${path}`);
  node[name] = true;
};

/** Returns the value with only the fields of the tree, or with all others; undefined for a value that an inclusion drops. */
const project = (value: unknown, tree: Tree, inclusive: boolean): unknown => {
  if (Array.isArray(value))
    return value.map((element) => project(element, tree, inclusive)).filter((element) => element !== undefined);
  if (!isDoc(value)) return inclusive ? undefined : value;
  const result: Doc = {};
  for (const [name, field] of Object.entries(value)) {
    const node = tree[name];
    if (node === undefined) {
      if (!inclusive) setField(result, name, field);
    } else if (node === true) {
      if (inclusive) setField(result, name, field);
    } else {
      const kept = project(field, node, inclusive);
      if (kept !== undefined) setField(result, name, kept);
    }
  }
  return result;
};
