import { openWriteSide } from './open/write-side.ts';
import { runProgram } from './wiring/run-program.ts';

/** `npm run write-side`: commands over HTTP, as a separate process. */
await runProgram('write-side', openWriteSide);
