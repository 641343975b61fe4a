import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { localKey, signLocally } from '../platform/identity/local-key.ts';
import { isScopeOf } from '../platform/identity/scope.ts';
import { isSubject } from '../platform/identity/subject.ts';
import { type Role, roles } from '../schemas/access.ts';
import { contextSchemas } from './contexts.ts';
import { runningOn } from './wiring/running.ts';
import { readSettings, SettingsError } from './wiring/settings.ts';
import { main } from './wiring/shutdown.ts';

/**
 * `npm run token -- --role staff [--role admin] [--scope food-court:shop:1] --sub CUST1 [--hours 8]`: prints an access
 * token for a Plaza that runs with AUTH=on on the same PLAZA_DATA and has no identity provider.
 */
await main(async () => {
  const { values } = parseArgs({
    options: {
      role: { type: 'string', multiple: true, default: [] },
      sub: { type: 'string' },
      scope: { type: 'string', multiple: true, default: [] },
      hours: { type: 'string', default: '8' },
    },
  });
  const unknown = values.role.filter((role) => !roles.includes(role as Role));
  if (unknown.length > 0 || values.role.length === 0)
    throw new SettingsError(`--role must be one or more of ${roles.join(', ')}`);
  if (!values.sub || !isSubject(values.sub))
    throw new SettingsError('--sub must say whose token it is, and not be a name that Plaza uses itself');
  const wrong = values.scope.filter((entry) => !contextSchemas.some((context) => isScopeOf(context, entry)));
  if (wrong.length > 0)
    throw new SettingsError(
      `--scope ${wrong.join(', ')} must be ${contextSchemas.flatMap(({ name, scope }) => [name, ...(scope ? [`${name}:${scope.kind}:…`] : [])]).join(', ')}`,
    );
  const hours = Number(values.hours);
  if (!(hours > 0 && hours <= 24 * 365)) throw new SettingsError('--hours must be a number of hours');
  const settings = readSettings();
  const running = runningOn(settings.PLAZA_DATA);
  const issuer = running?.AUTH_ISSUER ?? settings.AUTH_ISSUER;
  if (issuer !== '') throw new SettingsError(`Plaza trusts the tokens of ${issuer} only: sign in there`);
  if (!existsSync(join(settings.PLAZA_DATA, 'sign-in', 'private.jwk')))
    throw new SettingsError(
      `There is no signing key in ${settings.PLAZA_DATA}/sign-in: start Plaza with AUTH=on first, or set PLAZA_DATA as it has it`,
    );
  if (running?.AUTH === 'off') console.error('plaza: the running Plaza has AUTH=off and needs no token');
  const { privateFile } = await localKey(settings.PLAZA_DATA);
  const audience = running?.AUTH_AUDIENCE ?? settings.AUTH_AUDIENCE;
  const scope = values.scope.length > 0 ? { scope: { claim: settings.AUTH_SCOPE_CLAIM, entries: values.scope } } : {};
  const token = { sub: values.sub, roles: values.role as Role[], ...scope, audience, hours };
  console.log(await signLocally(privateFile, token));
});
