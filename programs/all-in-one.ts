import { openAllInOne } from './open/all-in-one.ts';
import { argumentsOf } from './wiring/commands.ts';
import { runProgram } from './wiring/run-program.ts';

/** `npm start`: every side in one process. */
argumentsOf('start');
await runProgram('plaza', openAllInOne, console.log);
