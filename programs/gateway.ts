import { openGateway } from './open/gateway.ts';
import { runProgram } from './wiring/run-program.ts';

/** `npm run gateway`: the single entry in front of separate processes. */
await runProgram('gateway', openGateway);
