import { queries, schema } from '../schemas/customers.ts';
import { readContext } from './kernel/context.ts';
import { firstOf } from './kernel/overviews.ts';

export const readSide = readContext(schema, async (db) => {
  const [failed, newest] = await Promise.all([
    db.collection('customers.messages').countDocuments({ status: 'failed' }),
    firstOf(db, queries.messages, { status: 'failed' }, '-at', 50),
  ]);
  return { totals: { failed }, failed: newest };
});
