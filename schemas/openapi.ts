import type { ContextSchema } from './kernel/context.ts';
import { MomentProgress } from './kernel/moments.ts';
import { describe } from './openapi/contexts.ts';
import type { Operation, Parameter } from './openapi/document.ts';
import { headerComponents, headerParameters } from './openapi/headers.ts';
import { Problem } from './openapi/problems.ts';
import { describeSystem } from './openapi/system.ts';

export type { Operation, Parameter } from './openapi/document.ts';

/**
 * Returns the OpenAPI 3.1 document of the contexts' commands and queries, and of the system's resources.
 * @throws Error when a command names a problem that its context does not declare
 */
export const openApi = (contexts: readonly ContextSchema[], version: string) => {
  const described = contexts.map(describe);
  const system = describeSystem(contexts);
  const paths: Record<string, Record<string, Operation>> = {};
  for (const [path, method, operation] of [...described.flatMap(({ operations }) => operations), ...system.operations])
    paths[path] = { ...paths[path], [method]: operation };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Plaza',
      version,
      description:
        'Takes reservations. Commands change resources, and their answers contain their position in the log; queries read views, which follow the log a moment later. Any path may answer 500 with the problem `/problems/internal-error`, which is a defect of Plaza. A request that is not valid HTTP is answered with 400, 408, 417 or 431 without a body.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: [
      ...contexts.map(({ name, title }) => ({ name, description: title })),
      { name: 'control-center', description: 'Control centre' },
      { name: 'operations', description: 'Operations' },
      { name: 'system', description: 'Documents and health' },
    ],
    paths,
    components: {
      schemas: Object.assign(
        { ProblemDetails: Problem, MomentProgress, ...system.schemas },
        ...described.map((one) => one.schemas),
      ),
      parameters: headerParameters as Readonly<Record<string, Parameter>>,
      headers: headerComponents,
      /** The operations that follow an answer, by operation id. */
      links: Object.assign({}, ...described.map((one) => one.links)),
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'An access token (RFC 9068), needed where sign-in is on: see /sign-in.',
        },
      },
    },
  };
};

export type OpenApiDocument = ReturnType<typeof openApi>;
