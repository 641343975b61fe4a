import { openPolicies } from './open/policies.ts';
import { runProgram } from './wiring/run-program.ts';

/** `npm run policies`: the policies as a separate process. */
await runProgram('policies', openPolicies);
