import { argumentsOf } from './wiring/commands.ts';
import { readSettings } from './wiring/settings.ts';
import { main } from './wiring/shutdown.ts';
import { issueToken } from './wiring/token.ts';

/**
 * `npm run token -- --role staff [--role admin] [--scope food-court:shop:1] --sub CUST1 [--hours 8]`: prints an access
 * token for a Plaza that runs with AUTH=on on the same PLAZA_DATA and has no identity provider.
 */
const { values } = argumentsOf('token');

await main(async () => {
  const { token, isNeeded } = await issueToken(values, readSettings());
  if (!isNeeded) console.error('plaza: the running Plaza has AUTH=off and needs no token');
  console.log(token);
});
