import { openProjections } from './open/projections.ts';
import { argumentsOf } from './wiring/commands.ts';
import { runProgram } from './wiring/run-program.ts';

/** `npm run projections`: the projections as a separate process. */
argumentsOf('projections');
await runProgram('projections', openProjections);
