import { setTimeout as pause } from 'node:timers/promises';
import { discard, parked, requestReplay } from '../platform/subscriptions/parked.ts';
import { argumentsOf, UsageError } from './wiring/commands.ts';
import { operate } from './wiring/operate.ts';
import { main } from './wiring/shutdown.ts';

/**
 * `npm run parked -- list
 * replay ID
 * discard ID`: manages the events that a projection or policy could not handle. The process that holds the consumer's
 * lease replays the event; this program waits for the outcome.
 */
const WAIT = 10_000;
const POLL = 100;

const [action, id = ''] = argumentsOf('parked').positionals;

await main(async () => {
  if ((action === 'list') !== (id === ''))
    throw new UsageError('parked', '`replay` and `discard` need the ID of an event, as `list` shows it');
  process.exitCode = await operate(async ({ db }) => {
    if (action === 'list') {
      const waiting = await parked(db).find().sort({ _id: 1 }).toArray();
      for (const { _id, state, event, position, attempts, reason } of waiting)
        console.log(
          `${_id}\n  ${state}  ${event.type} in ${event.stream} at ${position}, ${attempts} times: ${reason}\n  ${event.data}`,
        );
      console.log(`${waiting.length} parked`);
      return 0;
    }
    if (!(await (action === 'replay' ? requestReplay : discard)(db, id))) {
      console.error(`plaza: no event is parked as ${id}`);
      return 1;
    }
    if (action === 'discard') {
      console.log(`${id}: discarded`);
      return 0;
    }
    for (const until = performance.now() + WAIT; performance.now() < until; await pause(POLL)) {
      const now = await parked(db).findOne({ _id: id });
      if (!now) {
        console.log(`${id}: replayed`);
        return 0;
      }
      if (now.state !== 'replaying') {
        console.error(`plaza: ${id} failed again: ${now.reason}`);
        return 1;
      }
    }
    console.log(`${id}: will be replayed by the process that works on it`);
    return 0;
  });
});
