import { get, RefusedError } from './api.ts';
import type { Phrase } from './language.ts';
import { readOperations } from './openapi.ts';
import { go } from './router.tsx';
import { type Caller, session } from './session.ts';
import { dropTokens, keepTokens, keptTokens, type Provider } from './tokens.ts';

/** GET /sign-in */
type Told =
  | { signIn: 'off' }
  | { signIn: 'on'; issuer: string | null; clientId: string; audience: string; caller?: Caller };

/** Milliseconds until Plaza is asked again when it did not answer. */
const AGAIN = 1000;

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, AGAIN));

/** How one signs in here, and whose the kept token is. One that is not taken is dropped. */
const ask = async (): Promise<Told> => {
  for (;;) {
    try {
      const told = await get<Told>('/sign-in');
      if (told.signIn === 'on') await readOperations(); // They say what each role may do.
      return told;
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      if (error.problem.status === 401) dropTokens();
      else await pause();
    }
  }
};

const providerOf = ({ issuer, clientId, audience }: Extract<Told, { signIn: 'on' }>): Provider | null =>
  issuer === null ? null : { issuer, clientId, audience };

/** Where the provider sends users back to. */
const BACK = '/signed-in';

/** Takes what the provider sent the user back with. @returns why signing in came to nothing */
const comeBack = async (): Promise<Phrase | undefined> => {
  const answered = new URL(location.href);
  history.replaceState(null, '', BACK); // The code is in no history and in nobody's screenshot.
  const { signedIn } = await import('./provider.ts');
  const { returnTo, ...outcome } = await signedIn(answered);
  go(returnTo, { replace: true });
  if ('failed' in outcome) return outcome.failed;
  keepTokens(outcome.tokens);
  return undefined;
};

/** Finds out whether one signs in, and who has. */
export const begin = async (): Promise<void> => {
  const failed = location.pathname === BACK ? await comeBack() : undefined;
  const told = await ask();
  if (told.signIn === 'off') {
    session.set({ state: 'off' });
    return;
  }
  const provider = providerOf(told);
  const tokens = keptTokens();
  if (told.caller && tokens)
    session.set({ state: 'in', provider, caller: told.caller, name: tokens.name ?? told.caller.sub });
  else session.set({ state: 'out', provider, ...(failed === undefined ? {} : { failed }) });
};

/** Browsers have what PKCE needs only for pages that came over HTTPS or from their own machine. */
export const canSignIn = (): boolean => globalThis.isSecureContext;

/** Sends the user to the provider, and back to this view. */
export const signInAt = async (provider: Provider): Promise<void> => {
  const { authorizationUrl, reasonOf } = await import('./provider.ts');
  try {
    location.assign(await authorizationUrl(provider, location.pathname + location.search));
  } catch (error) {
    session.set({ state: 'out', provider, failed: reasonOf(error) });
  }
};

/** Signs in with a token that was made with `npm run token`. @returns whether Plaza takes it */
export const signInWith = async (token: string): Promise<boolean> => {
  keepTokens({ access: token });
  const told = await ask();
  if (told.signIn === 'on' && !told.caller) return false;
  location.reload(); // What somebody else was shown before is gone.
  return true;
};

/** Signs out here, and at the provider. */
export const signOut = async (): Promise<void> => {
  const tokens = keptTokens();
  dropTokens();
  let next: string | undefined;
  try {
    if (tokens?.provider) next = await (await import('./provider.ts')).signedOut(tokens);
  } catch {
    // The provider is away: here it is over all the same.
  }
  location.assign(next ?? '/');
};
