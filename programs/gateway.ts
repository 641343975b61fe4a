import { openGateway } from './open/gateway.ts';
import { argumentsOf } from './wiring/commands.ts';
import { runProgram } from './wiring/run-program.ts';

/** `npm run gateway`: the single entry in front of separate processes. */
argumentsOf('gateway');
await runProgram('gateway', openGateway);
