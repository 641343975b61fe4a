import { argumentsOf } from './wiring/commands.ts';
import { readSettings } from './wiring/settings.ts';
import { main } from './wiring/shutdown.ts';

argumentsOf('stores');

/** `npm run stores`: the embedded stores, as a process of their own. */
await main(async () => {
  readSettings();
  await import('../embedded/main.ts');
});
