import { openProjections } from './open/projections.ts';
import { runProgram } from './wiring/run-program.ts';

/** `npm run projections`: the projections as a separate process. */
await runProgram('projections', openProjections);
