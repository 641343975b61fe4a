import { argumentsOf, UsageError } from '../programs/wiring/commands.ts';
import { fail } from '../programs/wiring/shutdown.ts';

/** `npm run bench -- NAME [options]`: makes one of the measurements of this folder; without a name, lists them. */
const MEASUREMENTS = {
  commands: 'commands a second over many lots, ten and one, against Emmett and one bare append for each request',
  pipeline: 'reservations from the command to every view, against Emmett',
  'on-sale': 'a hall opens to 10,000 customers, who pay, are declined, or leave',
  places: '10,000 timers that are due at once, and offers to 10,000 waiting customers',
  'long-lot': 'a lot with 1,000,000 events against one with 10',
  overload: 'ten times as many clients as may wait',
  start: 'npm start until it listens, and its memory',
  replay: 'events a second into every read model, against a bare subscription',
  visibility: 'from the append of an event until a view shows it',
  queries: 'pages of 1,000,000 documents, against the bare driver',
  'time-machine': 'documents as of an earlier moment, and the causes of events, over 1,000,000 events',
  growth: 'cold streams, pages, followers of events and idle views, at 1, 10 and 100 times a size',
  page: "the control centre's page over 1,000,000 reservations, in Chromium",
  'embedded-event-store': 'appends and reads of the embedded event store through the client',
  'embedded-mongo': 'writes and queries of the embedded documents through the driver',
} as const;

/** Lists the measurements. */
const list = Object.entries(MEASUREMENTS).map(([each, what]) => `  ${each.padEnd(22)}${what}`);

const [name = ''] = argumentsOf('bench', list).positionals;
if (!Object.hasOwn(MEASUREMENTS, name))
  fail(new UsageError('bench', `There is no measurement ${name}, only\n${list.join('\n')}`));
process.argv.splice(2, 1);
await import(/* @vite-ignore */ `./${name}.ts`)
  .catch((error) => {
    throw error.code?.startsWith('ERR_PARSE_ARGS')
      ? new UsageError('bench', `${error.message} (bench/${name}.ts)`)
      : error;
  })
  .catch(fail);
