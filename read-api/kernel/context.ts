import type { Db } from 'mongodb';
import type { Static, TObject } from 'typebox';
import type { ContextSchema } from '../../schemas/kernel/context.ts';

/** The time of an overview: UTC with milliseconds, and the time zone of calendar days (IANA name). */
export type OverviewTime = { now: string; timeZone: string };

export type ReadContext = {
  schema: ContextSchema;
  /** Returns the context's part of the control centre, in the shape of the schema's `overview`. */
  overview(db: Db, at: OverviewTime): Promise<object>;
};

/** Declares the read side of a context. @param overview as in {@link ReadContext}, typed by the schema */
export const readContext = <Overview extends TObject>(
  schema: Omit<ContextSchema, 'overview'> & { overview: Overview },
  overview: (db: Db, at: OverviewTime) => Promise<object & Static<Overview>>,
): ReadContext => ({ schema, overview });
