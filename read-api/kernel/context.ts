import type { Db } from 'mongodb';
import type { ContextSchema } from '../../schemas/kernel/context.ts';

/** A bounded context's read side. */
export type ReadContext = {
  schema: ContextSchema;
  /** Returns the context's part of the control centre, in the shape of the schema's `overview`. */
  overview(db: Db): Promise<object>;
};
