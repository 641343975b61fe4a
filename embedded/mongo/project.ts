import { CommandError, notImplemented } from './errors.ts';
import { evaluate, truthy } from './expressions.ts';
import { compileFilter, isOperators } from './match.ts';
import { type Doc, isDoc, setField, toNumber } from './values.ts';

export type Projection = (doc: Doc) => Doc;

type Tree = { [name: string]: Tree | Leaf };
type Leaf = (value: unknown, doc: Doc) => unknown;

const KEEP: Leaf = (value) => value;

/**
 * Compiles a projection: all inclusion or all exclusion (but for `_id`), with `$slice`, `$elemMatch` and computed fields.
 * @throws CommandError 31253 or 31254 when inclusion and exclusion are mixed.
 */
export function compileProjection(spec: Doc): Projection | undefined {
  const entries = flatten(spec);
  if (entries.length === 0) return undefined;
  const rest = entries.filter(([path]) => path !== '_id');
  const includes = rest.some(([, value]) => isInclusion(value));
  const excludes = rest.some(([, value]) => isExclusion(value));
  if (includes && excludes) throw mixed(rest);
  const id = entries.find(([path]) => path === '_id')?.[1];
  const inclusive = includes || (!excludes && id !== undefined && isInclusion(id));
  const tree = emptyTree();
  for (const [path, value] of rest) plant(tree, path, leafOf(value));
  if (inclusive) {
    if (id === undefined || !isExclusion(id)) tree._id = id === undefined ? KEEP : leafOf(id);
    return (doc) => include(doc, tree, doc) as Doc;
  }
  if (id !== undefined && isExclusion(id)) tree._id = DROP;
  return (doc) => exclude(doc, tree, doc) as Doc;
}

/** Without a prototype, so that `__proto__` is a name like any other. */
const emptyTree = (): Tree => Object.create(null);

function mixed(entries: [string, unknown][]): CommandError {
  const isInclusive = entries.some(
    ([, value], at) => isInclusion(value) && !entries.slice(0, at).some(([, e]) => isExclusion(e)),
  );
  const [path] = entries.find(([, value]) => (isInclusive ? isExclusion(value) : isInclusion(value))) as [
    string,
    unknown,
  ];
  return isInclusive
    ? new CommandError(31254, `Cannot do exclusion on field ${path} in inclusion projection`)
    : new CommandError(31253, `Cannot do inclusion on field ${path} in exclusion projection`);
}

/** `{ a: { b: 1 } }` says the same as `{ 'a.b': 1 }`. */
function flatten(spec: Doc, prefix = ''): [string, unknown][] {
  return Object.entries(spec).flatMap<[string, unknown]>(([name, value]) => {
    if (isDoc(value) && !isOperators(value) && Object.keys(value).length > 0)
      return flatten(value, `${prefix}${name}.`);
    return [[prefix + name, value]];
  });
}

const isFlag = (value: unknown) => typeof value === 'boolean' || toNumber(value) !== undefined;
const isExclusion = (value: unknown) => isFlag(value) && !truthy(value);
/** `$slice: n` and `$slice: [skip, n]` cut the field itself; `$slice: ['$field', …]` is an expression. */
const isSlice = (value: unknown) =>
  isDoc(value) && '$slice' in value && (!Array.isArray(value.$slice) || toNumber(value.$slice[0]) !== undefined);
const isInclusion = (value: unknown) => !isExclusion(value) && !isSlice(value);

const DROP: Leaf = () => undefined;

function leafOf(value: unknown): Leaf {
  if (isFlag(value)) return truthy(value) ? KEEP : DROP;
  if (isDoc(value) && '$elemMatch' in value) {
    const matches = compileFilter(value.$elemMatch as Doc);
    return (array) => {
      const first = Array.isArray(array) ? array.find((element) => isDoc(element) && matches(element)) : undefined;
      return first === undefined ? undefined : [first];
    };
  }
  if (isDoc(value) && '$meta' in value) throw notImplemented('$meta');
  if (isSlice(value)) {
    const cut = (value as Doc).$slice;
    const [skip, count] = Array.isArray(cut) ? cut.map(toNumber) : [undefined, toNumber(cut)];
    if (count === undefined) throw new CommandError(28667, '$slice needs a number or an array of two');
    if (skip !== undefined) {
      return (array) => {
        if (!Array.isArray(array)) return array;
        const from = skip < 0 ? Math.max(array.length + skip, 0) : skip;
        return array.slice(from, from + count);
      };
    }
    return (array) => (!Array.isArray(array) ? array : count >= 0 ? array.slice(0, count) : array.slice(count));
  }
  return computed(value);
}

const COMPUTED = new WeakSet<Leaf>();

function computed(expression: unknown): Leaf {
  const leaf: Leaf = (_value, doc) => evaluate(expression, doc);
  COMPUTED.add(leaf);
  return leaf;
}

function plant(tree: Tree, path: string, leaf: Leaf): void {
  const parts = path.split('.');
  const name = parts.pop() as string;
  let node = tree;
  for (const part of parts) {
    if (!Object.hasOwn(node, part)) node[part] = emptyTree();
    const next = node[part] as Tree | Leaf;
    if (typeof next === 'function') throw new CommandError(31249, `Path collision at ${path}`);
    node = next;
  }
  if (Object.hasOwn(node, name)) throw new CommandError(31250, `Path collision at ${path}`);
  node[name] = leaf;
}

function include(value: unknown, tree: Tree, doc: Doc): unknown {
  if (Array.isArray(value)) return value.map((element) => include(element, tree, doc)).filter((e) => e !== undefined);
  if (!isDoc(value)) return undefined;
  const result: Doc = {};
  for (const name of Object.keys(value)) {
    const node = Object.hasOwn(tree, name) ? tree[name] : undefined;
    if (node === undefined || COMPUTED.has(node as Leaf)) continue;
    const kept = typeof node === 'function' ? node(value[name], doc) : include(value[name], node, doc);
    if (kept !== undefined) setField(result, name, kept);
  }
  for (const [name, node] of Object.entries(tree)) {
    const made =
      typeof node === 'function'
        ? COMPUTED.has(node)
          ? node(undefined, doc)
          : undefined
        : Object.hasOwn(value, name)
          ? undefined
          : include({}, node, doc);
    if (made !== undefined && !(typeof node !== 'function' && Object.keys(made as Doc).length === 0))
      setField(result, name, made);
  }
  return result;
}

function exclude(value: unknown, tree: Tree, doc: Doc): unknown {
  if (Array.isArray(value)) return value.map((element) => exclude(element, tree, doc));
  if (!isDoc(value)) return value;
  const result: Doc = {};
  for (const name of Object.keys(value)) {
    const node = Object.hasOwn(tree, name) ? tree[name] : undefined;
    const kept =
      node === undefined
        ? value[name]
        : typeof node === 'function'
          ? node(value[name], doc)
          : exclude(value[name], node, doc);
    if (kept !== undefined) setField(result, name, kept);
  }
  return result;
}
