import { newKey, type Problem } from '../../common/api.ts';
import type { Operation, Schema } from '../../common/openapi.ts';
import { parameterNames } from '../../common/templates.ts';
import { hasRole, ownId } from '../access.ts';
import type { Item } from '../context.ts';

/** A field of a form: made from its schema. */
export type FieldOf = {
  name: string;
  schema: Schema;
  required: boolean;
  /** Whether a change may unset the value. */
  isUnsettable: boolean;
};

/** The values of a form, by field. */
export type Values = Readonly<Record<string, unknown>>;

export type Form = {
  operation: Operation;
  fields: readonly FieldOf[];
  /** Fields that the form omits: they can only name the signed-in user. */
  own: readonly string[];
};

const ID: Schema = { type: 'string', maxLength: 64 };

/** The fields of an object's schema, in order. */
export const fieldsOf = ({ properties = {}, required = [] }: Schema): FieldOf[] =>
  Object.entries(properties).map(([name, schema]) => {
    const types = [schema.type ?? []].flat();
    const type = types.find((type) => type !== 'null');
    return {
      name,
      schema: { ...schema, ...(type === undefined ? {} : { type }) },
      required: required.includes(name),
      isUnsettable: types.includes('null'),
    };
  });

/**
 * Returns a command's input fields: unknown parameters of its path, and its body.
 * @param makes the parameter that names a new thing: an id that the user need not choose
 */
export const fieldsFor = ({ method, path, body, optionalFor }: Operation, known: Item, makes?: string): FieldOf[] => {
  const isRequired = ({ name, schema, required, isUnsettable }: FieldOf) => {
    const role = optionalFor[name];
    const isKept = method === 'PATCH' && known[name] !== undefined && !isUnsettable && schema.type !== 'array';
    return required || isKept || (role !== undefined && !hasRole(role));
  };
  const missing = parameterNames(path).filter((name) => known[name] === undefined);
  return [
    ...missing.map((name) => ({ name, schema: ID, required: name !== makes, isUnsettable: false })),
    ...(body ? fieldsOf(body) : []).map((field) => ({ ...field, required: isRequired(field) })),
  ];
};

/** Returns the rows of a list of objects: a first one if it needs one, or the resource's current ones. */
const rowsOf = ({ name, schema, required }: FieldOf, known: Item): readonly Values[] | undefined => {
  const properties = schema.items?.properties;
  if (!properties) return undefined;
  if (required) return [{}];
  const names = Object.keys(properties);
  return (known[name] as readonly Values[] | undefined)?.map((row) =>
    Object.fromEntries(names.map((field) => [field, row[field]])),
  );
};

/**
 * Returns the initial values: the resource's current ones, and a first row of each list. A resource that the path does
 * not name yet has none: what is known is then about another one.
 */
export const initialValues = ({ operation: { path }, fields, own }: Form, known: Item, makes?: string): Values => {
  const isNew = parameterNames(path).some((name) => known[name] === undefined);
  const current = isNew ? {} : known;
  const initial = (field: FieldOf): unknown => {
    if (own.includes(field.name)) return ownId();
    if (isNew && field.name === makes) return newKey();
    if (field.schema.type === 'array') return rowsOf(field, current);
    return current[field.name] ?? (field.schema.type === 'boolean' ? true : undefined);
  };
  return Object.fromEntries(fields.map((field) => [field.name, initial(field)]));
};

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/**
 * Returns the body of a command.
 * @param before the values that the form began with: a PATCH sends those that differ, since the others may have changed
 *   elsewhere, or derive from the changed ones. `null` unsets a value that was cleared.
 */
export const bodyOf = ({ operation: { method, body }, fields }: Form, values: Values, before: Values): Item => {
  const isChange = method === 'PATCH';
  const sent = fields.filter(
    ({ name }) =>
      body?.properties?.[name] !== undefined &&
      (!isChange || body.required?.includes(name) || !isSame(values[name], before[name])),
  );
  return Object.fromEntries(
    sent.map(({ name, isUnsettable }) => [name, values[name] ?? (isChange && isUnsettable ? null : undefined)]),
  );
};

/** The JSON pointers of the values that the server refused. */
export type Faults = ReadonlySet<string>;

export const faultsOf = (problem: Problem | undefined): Faults =>
  new Set(problem?.errors?.map(({ pointer }) => pointer));

/** Returns whether a value, or a part of it, was refused. */
export const isFaulty = (faults: Faults, at: string): boolean =>
  [...faults].some((pointer) => pointer === at || pointer.startsWith(`${at}/`));

/** Returns whether a group of fields was refused as a whole, or a row of it: no field in it shows that. */
export const isGroupFaulty = (faults: Faults, at: string): boolean =>
  [...faults].some((pointer) => pointer.startsWith(at) && /^(\/\d+)?$/.test(pointer.slice(at.length)));
