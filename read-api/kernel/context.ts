import type { Db } from 'mongodb';
import type { ContextSchema } from '../../schemas/kernel/context.ts';

/** A bounded context's read side: its schema and the views that answer its queries. */
export type ReadContext<Schema extends ContextSchema = ContextSchema> = {
  schema: Schema;
  /**
   * The view of each query, which is also its collection. A query for one document finds it by `_id`, the path's
   * parameters joined with `.`; a list is filtered by the fields that are named like the path's parameters.
   */
  views: Readonly<Record<keyof Schema['queries'] & string, string>>;
  /** Values that the documents of a list must have, for a list of a part of its view. The view's indexes begin with them. */
  only?: Readonly<Partial<Record<keyof Schema['queries'] & string, Readonly<Record<string, string>>>>>;
  /** Returns the context's part of the control centre, in the shape of the schema's `overview`. */
  overview(db: Db): Promise<object>;
};
