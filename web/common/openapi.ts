import type { Role, Rule } from '../../schemas/access.ts';
import { get } from './api.ts';

/** The parts of an OpenAPI schema that forms and filters need. */
export type Schema = {
  /** `['integer', 'null']` for a setting that a change may unset. */
  type?: string | readonly string[];
  format?: string;
  pattern?: string;
  enum?: readonly string[];
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  default?: unknown;
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  items?: Schema;
  anyOf?: readonly Schema[];
  /** A filter takes the beginning of any word of a name. */
  byWords?: true;
};

type Raw = {
  operationId: string;
  /** A reference to a parameter, which is never one of the query, has no `in`. */
  parameters: readonly { in?: string; name: string; schema: Schema; 'x-by-words'?: true }[];
  requestBody?: { content: { 'application/json': { schema: Schema & { $ref?: string } } } };
  'x-access': Rule;
  'x-optional-for'?: Readonly<Record<string, Role>>;
};

type OpenApi = {
  paths: Readonly<Record<string, Readonly<Record<string, Raw>>>>;
  components: { schemas: Readonly<Record<string, Schema>> };
};

/** A command or query. */
export type Operation = {
  method: string;
  path: string;
  /** The query parameters. */
  query: Readonly<Record<string, Schema>>;
  body: Schema | undefined;
  /** Optional fields of the body that only one role may leave out, each with the role. */
  optionalFor: Readonly<Record<string, Role>>;
  /** The access rule. */
  access: Rule;
};

/** Returns the operations that a document describes. */
export const operationsIn = ({ paths, components }: OpenApi): Operations => {
  const operations = new Map<string, Operation>();
  for (const [path, methods] of Object.entries(paths))
    for (const [method, raw] of Object.entries(methods)) {
      const body = raw.requestBody?.content['application/json'].schema;
      const name = body?.$ref?.split('/').at(-1);
      const ofQuery = raw.parameters.filter((parameter) => parameter.in === 'query');
      const operation: Operation = {
        method: method.toUpperCase(),
        path,
        query: Object.fromEntries(
          ofQuery.map(({ name, schema, 'x-by-words': byWords }) => [name, byWords ? { ...schema, byWords } : schema]),
        ),
        body: name === undefined ? body : components.schemas[name],
        optionalFor: raw['x-optional-for'] ?? {},
        access: raw['x-access'],
      };
      operations.set(raw.operationId, operation).set(`${operation.method} ${path}`, operation);
    }
  return operations;
};

/** Every command and query by name, `parking.ReserveParking`, and by method and path. */
type Operations = ReadonlyMap<string, Operation>;

let described: Promise<Operations> | undefined;
let known: Operations = new Map();

/** Reads the operations that forms and filters are made from. */
export const readOperations = (): Promise<Operations> => {
  described ??= get<OpenApi>('/openapi.json').then((document) => {
    known = operationsIn(document);
    return known;
  });
  described.catch(() => {
    described = undefined;
  });
  return described;
};

/** Returns an operation by name, once {@link readOperations} has read them. */
export const knownOperation = (name: string): Operation | undefined => known.get(name);
