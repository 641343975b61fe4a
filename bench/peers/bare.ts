/** The limit: Express, ajv and one appendToStream for each request; no rule, no state, no expected revision. */
import eventstore from '@eventstore/db-client';
import { serve, validate } from './shared.ts';

const client = eventstore.EventStoreDBClient.connectionString(process.env.EVENTSTORE_URL ?? '');

const append = async (type: string, data: { lotId: string }): Promise<bigint> => {
  const event = eventstore.jsonEvent({ type, data });
  return (await client.appendToStream(`parkingLot-${data.lotId}`, event)).nextExpectedRevision;
};

serve({
  register(data) {
    validate.lot(data);
    return append('LotRegistered', data);
  },
  reserve(data) {
    validate.reservation(data);
    return append('ParkingReserved', data);
  },
});
