import { openReadApi } from './open/read-api.ts';
import { runProgram } from './wiring/run-program.ts';

/** `npm run read-api`: queries over HTTP, as a separate process. */
await runProgram('read-api', openReadApi);
