import type { ContextSchema } from '../kernel/context.ts';
import { queriesOf } from '../kernel/history.ts';

/** The operations on the resource that an answer names. */
export type Link = { operationId: string; parameters: Readonly<Record<string, string>> };

const parameterIn = (segment: string): string | undefined => /^\{(\w+)\}$/.exec(segment)?.[1];

/**
 * Returns the parameters of a path at a resource or directly below it, as fields of an answer that has the resource's
 * ids. Undefined when the path is another resource's, or needs further ids.
 */
const parametersAt = (resource: string, path: string): Record<string, string> | undefined => {
  const given = resource.split('/');
  const wanted = path.split('/');
  if (wanted.slice(given.length).some((segment) => parameterIn(segment))) return undefined;
  const parameters: Record<string, string> = {};
  for (const [at, segment] of given.entries()) {
    const [from, to] = [parameterIn(segment), parameterIn(wanted[at] ?? '')];
    if (from && to) parameters[to] = `$response.body#/${from}`;
    else if (segment !== wanted[at]) return undefined;
  }
  return parameters;
};

/** Returns the operations of a context with a client's path. */
const operationsOf = (context: ContextSchema): { name: string; path: string }[] => [
  ...Object.entries(context.commands).flatMap(([name, { http }]) => (http ? [{ name, path: http.path }] : [])),
  ...Object.entries(queriesOf(context)).map(([name, { path }]) => ({ name, path })),
];

/**
 * Derives the links of a context from its paths: from a resource that an answer names in Location to every operation at
 * that resource or directly below it.
 */
export const linksOf = (context: ContextSchema): ((location: string) => Link[]) => {
  const operations = operationsOf(context);
  return (location) =>
    operations.flatMap(({ name, path }) => {
      const parameters = parametersAt(location, path);
      return parameters ? [{ operationId: `${context.name}.${name}`, parameters }] : [];
    });
};
