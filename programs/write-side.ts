import { openWriteSide } from './open/write-side.ts';
import { argumentsOf } from './wiring/commands.ts';
import { runProgram } from './wiring/run-program.ts';

/** `npm run write-side`: commands over HTTP, as a separate process. */
argumentsOf('write-side');
await runProgram('write-side', openWriteSide);
