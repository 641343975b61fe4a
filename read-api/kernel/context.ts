import type { Db } from 'mongodb';
import type { ContextSchema } from '../../schemas/kernel/context.ts';

/** A bounded context's read side: its schema and the views that answer its queries. */
export type ReadContext<Schema extends ContextSchema = ContextSchema> = {
  schema: Schema;
  /**
   * The view, which is the collection too, of each query. A query for one document finds it by `_id`: the path's
   * parameters joined with `.`; a list holds the fields named as the path's parameters to their values.
   */
  views: Readonly<Record<keyof Schema['queries'] & string, string>>;
  /** What else the documents of a list hold, where a list does not show all of its view. The view's indexes begin with it. */
  only?: Readonly<Partial<Record<keyof Schema['queries'] & string, Readonly<Record<string, string>>>>>;
  /** What the control centre shows of the context: of the shape of the schema's `overview`. */
  overview(db: Db): Promise<object>;
};
