import type { Projection } from '../../projections/kernel/projection.ts';
import type { ReadContext } from '../../read-api/kernel/context.ts';
import type { ContextSchema } from '../../schemas/kernel/context.ts';
import type { WriteSideContext } from '../../write-side/context.ts';

/** A bounded context. A program loads the sides that it runs. */
export type Context = {
  schema: ContextSchema;
  writeSide(): Promise<WriteSideContext>;
  projections(): Promise<readonly Projection[]>;
  readSide(): Promise<ReadContext>;
};

/**
 * Composes a context from the exports of its files: `schema` of `schemas/{name}.ts`, `writeSide` of
 * `write-side/{name}/index.ts`, `projections` of `projections/{name}/index.ts` and `readSide` of `read-api/{name}.ts`.
 */
export const contextOf = async (name: string): Promise<Context> => {
  const { schema } = (await import(`../../schemas/${name}.ts`)) as { schema: ContextSchema };
  return {
    schema,
    writeSide: async () =>
      ((await import(`../../write-side/${name}/index.ts`)) as { writeSide: WriteSideContext }).writeSide,
    projections: async () =>
      ((await import(`../../projections/${name}/index.ts`)) as { projections: readonly Projection[] }).projections,
    readSide: async () => ((await import(`../../read-api/${name}.ts`)) as { readSide: ReadContext }).readSide,
  };
};
