import type { Db } from 'mongodb';
import type { Static } from 'typebox';
import { type overview, schema } from '../schemas/customers.ts';
import type { ReadContext } from './kernel/context.ts';

type Overview = Static<typeof overview>;

export const readSide: ReadContext = {
  schema,
  async overview(db: Db): Promise<Overview> {
    const messages = db.collection<Overview['failed'][number]>('customers.messages');
    const fields = Object.keys(schema.queries.messages.item.properties);
    const shown = Object.fromEntries(fields.map((field) => [field, 1]));
    const [failed, newest] = await Promise.all([
      messages.countDocuments({ status: 'failed' }),
      messages
        .find({ status: 'failed' }, { projection: { _id: 0, ...shown } })
        .sort({ at: -1, _id: -1 })
        .limit(50)
        .toArray(),
    ]);
    return { totals: { failed }, failed: newest };
  },
};
