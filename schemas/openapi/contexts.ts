import { type TSchema, Type } from 'typebox';
import { ruleOf } from '../access.ts';
import {
  type CommandHttp,
  type CommandSchema,
  type ContextSchema,
  locatingFields,
  parameterNames,
  type QuerySchema,
} from '../kernel/context.ts';
import { exampleOf } from '../kernel/examples.ts';
import { queriesOf } from '../kernel/history.ts';
import { CursorText, listParameters, MAX_LIMIT, MatchCount } from '../kernel/paging.ts';
import { queryProblems } from '../kernel/problems.ts';
import { guarded } from './access.ts';
import type { Json, Operation, Parameter } from './document.ts';
import { bodyETag, building, headerRefs, notModified, parameterRefs, readingParameters } from './headers.ts';
import { type Link, linksOf } from './links.ts';
import { countParameter, json, omit, pagingParameters, pathParameters } from './parts.ts';
import { commandProblems, common, problemResponses } from './problems.ts';

/** Describes the operations of one context, and the schemas and links that they share. */
export const describe = (
  context: ContextSchema,
): { operations: [path: string, method: string, Operation][]; schemas: Json; links: Json } => {
  const schemas: Record<string, TSchema> = {};
  const names = new Map<TSchema, string>();
  // A name differs from every operation's: clients made from the document name types after both.
  const component = (schema: TSchema, name: string): { $ref: string } => {
    const known = names.get(schema) ?? `${context.name}.${name}`;
    names.set(schema, known);
    schemas[known] = schema;
    return { $ref: `#/components/schemas/${known}` };
  };
  const links: Record<string, Link> = {};
  const linksAt = linksOf(context);
  /** Every answer that names a resource links in the same way to what may be done with it. */
  const linked = (location: string): Json =>
    Object.fromEntries(
      linksAt(location).map((link) => {
        links[link.operationId] = link;
        return [link.operationId, { $ref: `#/components/links/${link.operationId}` }];
      }),
    );
  for (const [name, { answer, item }] of Object.entries(context.queries))
    if (answer === 'one') component(item, `${name}.document`);

  const commandOperation = (name: string, { summary, data, problems }: CommandSchema, http: CommandHttp): Operation => {
    const { inQuery = [] } = http;
    const body = omit(data, [...parameterNames(http.path), ...inQuery], http.id === undefined ? [] : [http.id]);
    const hasBody = Object.keys(body.properties).length > 0;
    const own = problems.map((problem) => {
      const schema = context.problems[problem];
      if (!schema)
        throw new Error(`${context.name}.${name} answers ${problem}, which ${context.name} does not declare`);
      return { name: problem, ...schema };
    });
    const answer = (description: string, ...headers: Parameters<typeof headerRefs>) => ({
      description,
      headers: headerRefs(...headers),
      content: json(component(http.answer, `${name}.answer`), exampleOf(http.answer)),
      links: linked(http.location),
    });
    return {
      operationId: `${context.name}.${name}`,
      summary,
      tags: [context.name],
      parameters: [
        ...pathParameters(http.path, data.properties),
        ...inQuery.map(
          (name): Parameter => ({ name, in: 'query', required: false, schema: data.properties[name] as TSchema }),
        ),
        ...parameterRefs('IdempotencyKey', 'IfMatch', 'IfNoneMatch'),
      ],
      ...(hasBody
        ? {
            requestBody: {
              required: (body.required ?? []).length > 0,
              content: json(component(body, `${name}.command`), exampleOf(body)),
            },
          }
        : {}),
      ...(http.optionalFor ? { 'x-optional-for': http.optionalFor } : {}),
      responses: {
        [http.status]: answer(
          http.status === 201 ? 'Created' : 'Done',
          'ETag',
          'Location',
          'Event-Position',
          'Idempotent-Replayed',
        ),
        ...(http.mayTakeLonger
          ? { 202: answer('Accepted; Location shows the outcome', 'Location', 'Event-Position', 'Idempotent-Replayed') }
          : {}),
        ...problemResponses([...common(commandProblems), ...own]),
      },
    };
  };

  const queryOperation = (name: string, query: QuerySchema): Operation => {
    const { summary, path, answer, item, parameters } = query;
    const itemRef = component(item, `${name}.document`);
    const isList = answer === 'list';
    const page = Type.Object({
      items: Type.Array(Type.Unsafe(itemRef), { maxItems: MAX_LIMIT }),
      next: Type.Optional(CursorText),
      count: Type.Optional(MatchCount),
    });
    const example = isList ? { items: [exampleOf(item)] } : exampleOf(item);
    const ofList = Object.entries(listParameters(query)).map(
      ([parameter, described]): Parameter => ({ name: parameter, in: 'query', required: false, ...described }),
    );
    return {
      operationId: `${context.name}.${name}`,
      summary,
      tags: [context.name],
      parameters: [
        ...pathParameters(path, { ...item.properties, ...parameters }),
        ...(isList ? [...ofList, countParameter, ...pagingParameters] : []),
        ...readingParameters,
      ],
      responses: {
        200: {
          description: isList ? 'A page' : 'The document',
          headers: {
            ...bodyETag,
            ...headerRefs(
              'View-Position',
              'View-Lag',
              'Memento-Datetime',
              'Preference-Applied',
              ...(isList ? (['Link'] as const) : []),
            ),
          },
          content: json(isList ? page : itemRef, example),
        },
        ...building,
        ...notModified,
        ...problemResponses(common(isList ? queryProblems : [...queryProblems, 'not-found'])),
      },
    };
  };

  const operations: [string, string, Operation][] = [];
  const add = (name: string, path: string, method: string, operation: Operation, isHidden = false) =>
    operations.push([path, method.toLowerCase(), guarded(operation, ruleOf(context, name), isHidden)]);
  for (const [name, schema] of Object.entries(context.commands)) {
    const { http } = schema;
    if (!http) continue;
    const isHidden = context.scope !== undefined && !locatingFields(schema, http).includes(context.scope.field);
    add(name, http.path, http.method, commandOperation(name, schema, http), isHidden);
  }
  for (const [name, schema] of Object.entries(queriesOf(context)))
    add(name, schema.path, 'GET', queryOperation(name, schema));
  return { operations, schemas, links };
};
