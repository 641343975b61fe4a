import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { localKey, signLocally } from '../../platform/identity/local-key.ts';
import { isScopeOf } from '../../platform/identity/scope.ts';
import { isSubject } from '../../platform/identity/subject.ts';
import { type Role, roles } from '../../schemas/access.ts';
import { contextSchemas } from '../contexts.ts';
import { runningOn } from './running.ts';
import { type Settings, SettingsError } from './settings.ts';

/**
 * Signs an access token with the local key of a data folder.
 * @param args those of `npm run token`
 * @returns the token, and whether the Plaza that runs on the folder asks for one
 * @throws SettingsError that says what is wrong
 */
export const issueToken = async (args: string[], settings: Settings): Promise<{ token: string; isNeeded: boolean }> => {
  const { values } = parseArgs({
    args,
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
  const running = runningOn(settings.PLAZA_DATA);
  const issuer = running?.AUTH_ISSUER ?? settings.AUTH_ISSUER;
  if (issuer !== '') throw new SettingsError(`Plaza trusts the tokens of ${issuer} only: sign in there`);
  if (!existsSync(join(settings.PLAZA_DATA, 'sign-in', 'private.jwk')))
    throw new SettingsError(
      `There is no signing key in ${settings.PLAZA_DATA}/sign-in: start Plaza with AUTH=on first, or set PLAZA_DATA as it has it`,
    );
  const { privateFile } = await localKey(settings.PLAZA_DATA);
  const audience = running?.AUTH_AUDIENCE ?? settings.AUTH_AUDIENCE;
  const scope = values.scope.length > 0 ? { scope: { claim: settings.AUTH_SCOPE_CLAIM, entries: values.scope } } : {};
  const token = { sub: values.sub, roles: values.role as Role[], ...scope, audience, hours };
  return { token: await signLocally(privateFile, token), isNeeded: running?.AUTH !== 'off' };
};
