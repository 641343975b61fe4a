import type { Projection, ProjectionsInput } from '../../projections/kernel/projection.ts';
import type { ReadContext } from '../../read-api/kernel/context.ts';
import type { ContextSchema } from '../../schemas/kernel/context.ts';
import type { ContextMessages } from '../../schemas/kernel/messages.ts';
import type { WriteSideContext } from '../../write-side/context.ts';

type Projections = readonly Projection[] | ((input: ProjectionsInput) => readonly Projection[]);

/** The files of a context. Its schema is always loaded, and a side by the programs that run it. */
type ContextFiles = {
  schema: Promise<{ schema: ContextSchema }>;
  /** Of a context that sends messages to customers. */
  messages?: Promise<{ messages: ContextMessages }>;
  writeSide(): Promise<{ writeSide: WriteSideContext }>;
  projections(): Promise<{ projections: Projections }>;
  readSide(): Promise<{ readSide: ReadContext }>;
};

/** Composes a context from the exports of its files. */
export const contextOf = async (files: ContextFiles) => ({
  schema: (await files.schema).schema,
  messages: (await files.messages)?.messages,
  writeSide: async () => (await files.writeSide()).writeSide,
  async projections(input: ProjectionsInput): Promise<readonly Projection[]> {
    const { projections } = await files.projections();
    return typeof projections === 'function' ? projections(input) : projections;
  },
  readSide: async () => (await files.readSide()).readSide,
});
