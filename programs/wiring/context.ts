import { existsSync } from 'node:fs';
import type { Projection, ProjectionsInput } from '../../projections/kernel/projection.ts';
import type { ReadContext } from '../../read-api/kernel/context.ts';
import type { ContextSchema } from '../../schemas/kernel/context.ts';
import type { ContextMessages } from '../../schemas/kernel/messages.ts';
import type { WriteSideContext } from '../../write-side/context.ts';

type Projections = readonly Projection[] | ((input: ProjectionsInput) => readonly Projection[]);

/**
 * Composes a context from the exports of its files: `schema` of `schemas/{name}.ts`, `writeSide` of
 * `write-side/{name}/index.ts`, `projections` of `projections/{name}/index.ts` (or a function
 * that returns them) and `readSide` of `read-api/{name}.ts`. A context that sends messages to customers also has
 * `messages` of `schemas/{name}-messages.ts`. A program loads the sides that it runs.
 */
export const contextOf = async (name: string) => {
  const { schema } = (await import(`../../schemas/${name}.ts`)) as { schema: ContextSchema };
  const file = new URL(`../../schemas/${name}-messages.ts`, import.meta.url);
  const { messages } = existsSync(file) ? ((await import(file.href)) as { messages: ContextMessages }) : {};
  return {
    schema,
    messages,
    writeSide: async () =>
      ((await import(`../../write-side/${name}/index.ts`)) as { writeSide: WriteSideContext }).writeSide,
    async projections(input: ProjectionsInput): Promise<readonly Projection[]> {
      const { projections } = (await import(`../../projections/${name}/index.ts`)) as { projections: Projections };
      return typeof projections === 'function' ? projections(input) : projections;
    },
    readSide: async () => ((await import(`../../read-api/${name}.ts`)) as { readSide: ReadContext }).readSide,
  };
};
