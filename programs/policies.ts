import { openPolicies } from './open/policies.ts';
import { argumentsOf } from './wiring/commands.ts';
import { runProgram } from './wiring/run-program.ts';

/** `npm run policies`: the policies as a separate process. */
argumentsOf('policies');
await runProgram('policies', openPolicies);
