import { Type } from 'typebox';
import { type ContextSchema, parameterNames } from '../kernel/context.ts';
import { defined } from '../kernel/defined.ts';
import { exampleOf } from '../kernel/examples.ts';
import { CursorText, MAX_LIMIT } from '../kernel/paging.ts';
import { queryProblems } from '../kernel/problems.ts';
import { Strict } from '../kernel/values.ts';
import { routeOf, type SystemResource, systemResources } from '../system.ts';
import { guarded } from './access.ts';
import type { Json, Operation } from './document.ts';
import { bodyETag, building, headerRefs, notModified, readingParameters } from './headers.ts';
import { json, omit, pagingParameters, pathParameters } from './parts.ts';
import { bodyProblems, common, problemResponses } from './problems.ts';

type Described<Kind extends string> = Extract<SystemResource, Record<Kind, unknown>>;

type Part = Pick<Operation, 'summary' | 'parameters' | 'responses'> & Partial<Operation>;

const viewHeaders = headerRefs('View-Position', 'Memento-Datetime', 'Preference-Applied');

const viewOf = ({ query: { summary, item }, component }: Described<'query'>): Part => ({
  summary,
  parameters: readingParameters,
  responses: {
    200: {
      description: 'The document',
      headers: { ...bodyETag, ...viewHeaders },
      content: json(component === undefined ? item : { $ref: `#/components/schemas/${component}` }, exampleOf(item)),
    },
    ...building,
    ...notModified,
    ...problemResponses(common(queryProblems)),
  },
});

const queryOf = ({ query: { summary, item, answer }, tag }: Described<'query'>): Part => {
  const page = Strict({ items: Type.Array(item, { maxItems: MAX_LIMIT }), next: Type.Optional(CursorText) });
  const shown = answer === 'list' ? page : item;
  return {
    summary,
    parameters: answer === 'list' ? pagingParameters : [],
    responses: {
      200: { description: answer === 'list' ? 'A page' : 'Done', content: json(shown, exampleOf(shown)) },
      ...(tag === 'operations'
        ? problemResponses(
            common([
              ...(answer === 'list' ? (['malformed-request'] as const) : []),
              'invalid-request',
              'views-unavailable',
            ]),
          )
        : {}),
    },
  };
};

const commandOf = ({ command: { summary, data, http }, problems }: Described<'command'>): Part => {
  const body = omit(data, parameterNames(http.path));
  return {
    summary,
    parameters: pathParameters(http.path, data.properties),
    requestBody: { required: true, content: json(body, exampleOf(body)) },
    responses: {
      [http.status]: {
        description: http.status === 202 ? 'Accepted' : 'Done',
        content: json(http.answer, exampleOf(http.answer)),
      },
      ...problemResponses(common([...bodyProblems, ...problems, 'views-unavailable'])),
    },
  };
};

const documentOf = ({ document }: Described<'document'>): Part => ({
  summary: document.summary,
  ...defined({ description: document.description }),
  parameters: [
    ...(document.parameters ?? []).map(({ name, in: place, ...rest }) => ({
      name,
      in: place,
      required: place === 'path',
      ...rest,
    })),
    ...(document.isView ? readingParameters : []),
  ],
  responses: {
    ...Object.fromEntries(
      Object.entries(document.answers).map(([status, { description, type, schema, otherTypes = {} }]) => [
        status,
        {
          description,
          ...(document.isTagged && status === '200'
            ? { headers: { ...bodyETag, ...(document.isView ? viewHeaders : {}) } }
            : {}),
          content: Object.fromEntries(
            Object.entries({ [type]: schema, ...otherTypes }).map(([name, each]) => [name, { schema: each }]),
          ),
        },
      ]),
    ),
    ...(document.isView ? building : {}),
    ...(document.isTagged ? notModified : {}),
    ...problemResponses(common(document.problems)),
  },
});

const partOf = (resource: SystemResource): Part => {
  if ('command' in resource) return commandOf(resource);
  if ('document' in resource) return documentOf(resource);
  return resource.isView ? viewOf(resource) : queryOf(resource);
};

/** Describes the resources that belong to no context, and the schemas that they refer to. */
export const describeSystem = (
  contexts: readonly ContextSchema[],
): { operations: [path: string, method: string, Operation][]; schemas: Json } => {
  const resources = Object.entries(systemResources(contexts));
  return {
    operations: resources.map(([operationId, resource]) => {
      const { method, path } = routeOf(resource);
      const operation = { operationId, tags: [resource.tag], ...partOf(resource) };
      return [path, method.toLowerCase(), guarded(operation, resource.access)];
    }),
    schemas: Object.fromEntries(
      resources.flatMap(([, resource]) =>
        'query' in resource && resource.component !== undefined ? [[resource.component, resource.query.item]] : [],
      ),
    ),
  };
};
