import type { Db } from 'mongodb';
import type { Static } from 'typebox';
import { type overview, queries, schema } from '../schemas/customers.ts';
import type { ReadContext } from './kernel/context.ts';
import { firstOf } from './kernel/overviews.ts';

type Overview = Static<typeof overview>;

export const readSide: ReadContext = {
  schema,
  async overview(db: Db): Promise<Overview> {
    const [failed, newest] = await Promise.all([
      db.collection('customers.messages').countDocuments({ status: 'failed' }),
      firstOf(db, queries.messages, { status: 'failed' }, '-at', 50),
    ]);
    return { totals: { failed }, failed: newest };
  },
};
