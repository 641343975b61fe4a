import { argumentsOf } from './wiring/commands.ts';

/** `npm run stores`: the embedded stores, as a process of their own. */
argumentsOf('stores');
await import('../embedded/main.ts');
