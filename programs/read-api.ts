import { openReadApi } from './open/read-api.ts';
import { argumentsOf } from './wiring/commands.ts';
import { runProgram } from './wiring/run-program.ts';

/** `npm run read-api`: queries over HTTP, as a separate process. */
argumentsOf('read-api');
await runProgram('read-api', openReadApi);
