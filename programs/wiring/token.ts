import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { localKey, signLocally } from '../../platform/identity/local-key.ts';
import { isScopeOf } from '../../platform/identity/scope.ts';
import { isSubject } from '../../platform/identity/subject.ts';
import { type Role, roles } from '../../schemas/access.ts';
import { contextSchemas } from '../contexts.ts';
import { type parseArguments, UsageError } from './commands.ts';
import { runningOn } from './running.ts';
import { type Settings, SettingsError } from './settings.ts';

export type TokenArguments = ReturnType<typeof parseArguments<'token'>>['values'];

/**
 * Signs an access token with the local key of a data folder.
 * @param given the options of `npm run token`
 * @returns the token, and whether the Plaza that runs on the folder asks for one
 * @throws UsageError for wrong arguments, SettingsError for a Plaza that trusts no such token
 */
export const issueToken = async (
  given: TokenArguments,
  settings: Settings,
): Promise<{ token: string; isNeeded: boolean }> => {
  const { role: roleNames = [], sub = '', scope: entries = [], hours: text = '8' } = given;
  const hours = Number(text);
  const wrong: string[] = [];
  if (roleNames.length === 0 || roleNames.some((role) => !roles.includes(role as Role)))
    wrong.push(`--role must be one or more of ${roles.join(', ')}`);
  if (sub === '' || !isSubject(sub))
    wrong.push('--sub must say whose token it is, and not be a name that Plaza uses itself');
  const unknown = entries.filter((entry) => !contextSchemas.some((context) => isScopeOf(context, entry)));
  if (unknown.length > 0)
    wrong.push(
      `--scope ${unknown.join(', ')} must be ${contextSchemas.flatMap(({ name, scope }) => [name, ...(scope ? [`${name}:${scope.kind}:…`] : [])]).join(', ')}`,
    );
  if (!(hours > 0 && hours <= 24 * 365)) wrong.push('--hours must be a number of hours');
  if (wrong.length > 0) throw new UsageError('token', wrong.join('\n'));
  const running = runningOn(settings.PLAZA_DATA);
  const issuer = running?.AUTH_ISSUER ?? settings.AUTH_ISSUER;
  if (issuer !== '') throw new SettingsError(`Plaza trusts the tokens of ${issuer} only: sign in there`);
  if (!existsSync(join(settings.PLAZA_DATA, 'sign-in', 'private.jwk')))
    throw new SettingsError(
      `There is no signing key in ${settings.PLAZA_DATA}/sign-in: start Plaza with AUTH=on first, or set PLAZA_DATA as it has it`,
    );
  const { privateFile } = await localKey(settings.PLAZA_DATA);
  const audience = running?.AUTH_AUDIENCE ?? settings.AUTH_AUDIENCE;
  const scope = entries.length > 0 ? { scope: { claim: settings.AUTH_SCOPE_CLAIM, entries } } : {};
  const token = { sub, roles: roleNames as Role[], ...scope, audience, hours };
  return { token: await signLocally(privateFile, token), isNeeded: running?.AUTH !== 'off' };
};
