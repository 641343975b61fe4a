import { get } from './api.ts';

/** A schema of the OpenAPI document, as far as forms and filters need it. */
export type Schema = {
  type?: string;
  format?: string;
  enum?: readonly string[];
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  maxItems?: number;
  default?: unknown;
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  items?: Schema;
  anyOf?: readonly Schema[];
};

type Raw = {
  operationId: string;
  parameters: readonly { name?: string; in?: string; schema?: Schema }[];
  requestBody?: { content: { 'application/json': { schema: Schema & { $ref?: string } } } };
};

type OpenApi = {
  paths: Readonly<Record<string, Readonly<Record<string, Raw>>>>;
  components: { schemas: Readonly<Record<string, Schema>> };
};

/** A command or query, as it is called. */
export type Operation = {
  method: string;
  path: string;
  /** What may be in the query. */
  query: Readonly<Record<string, Schema>>;
  body: Schema | undefined;
};

const describe = (document: OpenApi): Map<string, Operation> => {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, parameters, requestBody }]): [string, Operation] => {
      const body = requestBody?.content['application/json'].schema;
      const name = body?.$ref?.split('/').at(-1);
      return [
        operationId,
        {
          method: method.toUpperCase(),
          path,
          query: Object.fromEntries(
            parameters.flatMap((parameter) =>
              parameter.in === 'query' && parameter.name && parameter.schema
                ? [[parameter.name, parameter.schema]]
                : [],
            ),
          ),
          body: name === undefined ? body : document.components.schemas[name],
        },
      ];
    }),
  );
  return new Map(operations);
};

let described: Promise<Map<string, Operation>> | undefined;

/** Every command and query by name, `parking.ReserveParking`: what the forms and filters are made from. */
export const readOperations = (): Promise<Map<string, Operation>> => {
  described ??= get<OpenApi>('/openapi.json').then(describe);
  described.catch(() => {
    described = undefined;
  });
  return described;
};

/** The list query of a path. */
export const queryOf = (operations: ReadonlyMap<string, Operation>, path: string): Operation | undefined =>
  [...operations.values()].find((operation) => operation.method === 'GET' && operation.path === path);
