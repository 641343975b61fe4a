import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { contextSchemas } from '../../programs/contexts.ts';
import { asyncApi } from '../../schemas/asyncapi.ts';
import { openApi } from '../../schemas/openapi.ts';

type Json = Record<string, unknown>;
type Content = Record<string, { schema: Json; examples?: Json }>;
type Documented = { operationId: string; responses: Record<string, { content?: Content }> };

const ID = 'https://plaza.example/openapi';

/** Closes objects with listed properties: an undocumented property in an answer is an error. */
const closed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const inner = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, closed(one)]));
  const lists = inner.type === 'object' && Object.keys(inner.properties ?? {}).length > 0;
  return lists && inner.additionalProperties === undefined ? { ...inner, additionalProperties: false } : inner;
};

const load = () => {
  const document = openApi(contextSchemas, '0.0.0');
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  (formats as unknown as { default(ajv: Ajv2020): void }).default(ajv);
  const plain = (value: unknown): object =>
    JSON.parse(JSON.stringify(value).replaceAll('"#/components', `"${ID}#/components`));
  ajv.addSchema({ $id: ID, components: closed(plain(document.components)) as object });
  // Compiling takes longer than most tests run, and the problems of all operations have the same schema.
  const validators = new Map<string, ValidateFunction>();
  const validatorOf = (schema: object): ValidateFunction => {
    const text = JSON.stringify(schema);
    const known = validators.get(text) ?? ajv.compile(closed(plain(schema)) as object);
    validators.set(text, known);
    return known;
  };
  const resources = Object.entries(document.paths).map(([path, methods]) => ({
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}/?$`),
    parameters: path.split('{').length,
    methods: methods as unknown as Record<string, Documented>,
  }));
  const messages = asyncApi(contextSchemas, '0.0.0').components.messages as Record<string, { payload: Json }>;
  return { resources: resources.toSorted((a, b) => a.parameters - b.parameters), validatorOf, messages };
};

let loaded: ReturnType<typeof load> | undefined;

/** Statuses that any path may answer. */
const OF_ANY_PATH = new Set([404, 405]);
/** A gateway's answers for an unreachable side. */
const OF_GATEWAYS = /^\/problems\/(((write-side|read-api|projections)-)?unavailable|context-not-served)$/;

type Shown = { type?: string; context?: string; data?: unknown; items?: Shown[]; events?: Shown[] };

/** Events as histories and the control centre show them, with their context. */
const eventsIn = (operationId: string, body: Shown): { name: string; data: unknown }[] => {
  if (operationId === 'controlCenter')
    return (body.events ?? []).map(({ context, type, data }) => ({ name: `${context}.${type}`, data }));
  if (!operationId.endsWith('History')) return [];
  const [context] = operationId.split('.');
  return (body.items ?? []).map(({ type, data }) => ({ name: `${context}.${type}`, data }));
};

/**
 * Checks an answer against the OpenAPI document, and its events against the AsyncAPI document: its status, type,
 * problem and every field must be documented. Ignores paths of unknown contexts.
 * @returns a line for each error
 */
export const breachesOf = (method: string, path: string, status: number, type: string, body: unknown): string[] => {
  loaded ??= load();
  const { resources, validatorOf, messages } = loaded;
  const [target = ''] = path.split('?');
  const name = (method === 'HEAD' ? 'GET' : method).toLowerCase();
  // A path may be that of two resources with other methods: GET /customers/messages, DELETE /customers/{customerId}.
  const operation = resources.find(({ pattern, methods }) => pattern.test(target) && methods[name])?.methods[name];
  const known = resources.some(({ pattern }) => pattern.source.startsWith(`^\\/${target.split('/')[1]}`));
  if (!operation)
    return OF_ANY_PATH.has(status) || !known || method === 'OPTIONS'
      ? []
      : [`${status} is an answer of no documented resource`];

  const problem = (body as { type?: string } | null)?.type;
  if (status === 503 && problem !== undefined && OF_GATEWAYS.test(problem)) return [];
  const documented = operation.responses[status];
  if (!documented) return [`${status} is not documented`];
  const [mediaType = ''] = type.split(';');
  if (!documented.content && type === '') return [];
  const content = documented.content?.[mediaType];
  if (!content) return [`${status} is documented as ${Object.keys(documented.content ?? {})}, not ${mediaType}`];
  if (mediaType !== 'application/json' && mediaType !== 'application/problem+json') return [];
  const breaches: string[] = [];
  const problemName = problem?.replace('/problems/', '') ?? '';
  if (mediaType === 'application/problem+json' && !Object.hasOwn(content.examples ?? {}, problemName))
    breaches.push(`${status} ${problem} is not documented`);
  const check = (validate: ValidateFunction, value: unknown, what: string) => {
    if (validate(value)) return;
    for (const { instancePath, keyword, message, params } of validate.errors ?? []) {
      // A Plaza may run only some contexts.
      if (instancePath === '/contexts' && keyword === 'required') continue;
      breaches.push(`${what}${instancePath} ${message} ${JSON.stringify(params)}`);
    }
  };
  check(validatorOf(content.schema), body, 'body');
  if (status === 200)
    for (const event of eventsIn(operation.operationId, body as Shown)) {
      const message = messages[event.name];
      if (message) check(validatorOf(message.payload), event.data, event.name);
      else breaches.push(`${event.name} is no documented event`);
    }
  return breaches;
};
