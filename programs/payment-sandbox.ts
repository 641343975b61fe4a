import { openPaymentSandbox } from './open/payment-sandbox.ts';
import { argumentsOf } from './wiring/commands.ts';
import { runProgram } from './wiring/run-program.ts';

/** `npm run payment-sandbox`: a payment provider that takes no money, as a separate process. */
argumentsOf('payment-sandbox');
await runProgram('payment-sandbox', openPaymentSandbox);
