import { acceptEventStore, compareEventStore, readFinding } from '../platform/subscriptions/event-store-check.ts';
import { argumentsOf } from './wiring/commands.ts';
import { operate } from './wiring/operate.ts';
import { main } from './wiring/shutdown.ts';

/**
 * `npm run restored`: compares the event store with what the views and policies have handled, and shows what the
 * processes have found. `npm run restored -- accept` makes the history of this event store the one that counts: the
 * views are built anew from it, and the policies begin at its first event.
 */
const [action] = argumentsOf('restored').positionals;

await main(async () => {
  process.exitCode = await operate(async ({ client, db }) => {
    const finding = await readFinding(db);
    const lack = await compareEventStore(client, db);
    if (!finding && lack === undefined) {
      console.log('The event store has every event that the views and policies have handled.');
      return 0;
    }
    if (action === 'accept') {
      const isAnew = await acceptEventStore(client, db);
      console.log(
        isAnew
          ? 'Accepted: the views are built anew from this event store, and the policies begin at its first event.'
          : 'Accepted: the event store has every event again. The views and policies continue where they were.',
      );
      return 0;
    }
    if (finding) console.log(`Found by ${finding.foundBy} at ${finding.foundAt.toISOString()}: ${finding.reason}`);
    if (lack === undefined) console.log('By now the event store has every event again: npm run restored -- accept');
    else if (!finding) console.log(lack);
    return 1;
  });
});
