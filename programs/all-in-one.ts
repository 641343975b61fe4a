import { openAllInOne } from './open/all-in-one.ts';
import { runProgram } from './wiring/run-program.ts';

/** `npm start`: every side in one process. */
await runProgram('plaza', openAllInOne, console.log);
