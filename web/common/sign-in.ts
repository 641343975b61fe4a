import { get, RefusedError } from './api.ts';
import type { Phrase } from './language.ts';
import { go } from './router.tsx';
import { type Caller, session } from './session.ts';
import { dropTokens, keepTokens, keptTokens, type Provider } from './tokens.ts';

/** GET /sign-in */
type Answer =
  | { signIn: 'off' }
  | { signIn: 'on'; issuer: string | null; clientId: string; audience: string; caller?: Caller };

/** Milliseconds until an unanswered request is repeated. */
const AGAIN = 1000;

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, AGAIN));

/** Reads the access of roles before users are signed in, for a page that depends on it. */
let prepare = (): Promise<unknown> => Promise.resolve();

/** Reads how to sign in and the owner of the kept token. Drops a token that Plaza refuses. */
const ask = async (): Promise<Answer> => {
  for (;;) {
    try {
      const answer = await get<Answer>('/sign-in');
      if (answer.signIn === 'on') await prepare();
      return answer;
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      if (error.problem.status === 401) dropTokens();
      else {
        if (session.get().state === 'asking') session.set({ state: 'asking', isUnanswered: true });
        await pause();
      }
    }
  }
};

/** The path to which the provider redirects. */
const BACK = '/signed-in';

/** Returns whether a path is of the page for customers, which is another document than the one at {@link BACK}. */
const isApp = (path: string): boolean => /^\/app(\/|\?|$)/.test(path);

/** Handles the provider's redirect. @returns the reason why signing in failed */
const comeBack = async (): Promise<Phrase | undefined> => {
  const answered = new URL(location.href);
  history.replaceState(null, '', BACK); // Keeps the code out of the history and of screenshots.
  const { signedIn } = await import('./provider.ts');
  const { returnTo, ...outcome } = await signedIn(answered);
  if ('tokens' in outcome) keepTokens(outcome.tokens);
  const failed = 'failed' in outcome ? outcome.failed : undefined;
  if (isApp(returnTo)) {
    if (failed) sessionStorage.setItem(FAILED, JSON.stringify(failed));
    location.replace(returnTo);
  } else go(returnTo, { replace: true });
  return failed;
};

/** The reason why signing in failed, for the page that the user returns to. */
const FAILED = 'plaza.sign-in-failed';

const keptFailure = (): Phrase | undefined => {
  const kept = sessionStorage.getItem(FAILED);
  sessionStorage.removeItem(FAILED);
  return kept === null ? undefined : (JSON.parse(kept) as Phrase);
};

/**
 * Determines whether sign-in is on, and who is signed in.
 * @param before what the page reads before its users are in, where sign-in is on
 */
export const begin = async (before = prepare): Promise<void> => {
  prepare = before;
  const failed = location.pathname === BACK ? await comeBack() : keptFailure();
  if (location.pathname === BACK) return; // The browser opens the other page.
  const answer = await ask();
  if (answer.signIn === 'off') {
    session.set({ state: 'off' });
    return;
  }
  const { issuer, clientId, audience } = answer;
  const provider = issuer === null ? null : { issuer, clientId, audience };
  const tokens = keptTokens();
  if (answer.caller && tokens)
    session.set({ state: 'in', provider, caller: answer.caller, name: tokens.name ?? answer.caller.sub });
  else session.set({ state: 'out', provider, ...(failed === undefined ? {} : { failed }) });
};

/** Returns whether the browser offers the cryptography for PKCE: only on pages over HTTPS or from the same machine. */
export const canSignIn = (): boolean => globalThis.isSecureContext;

/** Sends the user to the provider, and then back to this view. */
export const signInAt = async (provider: Provider): Promise<void> => {
  const { authorizationUrl, reasonOf } = await import('./provider.ts');
  try {
    location.assign(await authorizationUrl(provider, location.pathname + location.search));
  } catch (error) {
    session.set({ state: 'out', provider, failed: reasonOf(error) });
  }
};

/** Signs in with a token of `npm run token`. @returns whether Plaza accepts it */
export const signInWith = async (token: string): Promise<boolean> => {
  keepTokens({ access: token });
  const answer = await ask();
  if (answer.signIn === 'on' && !answer.caller) return false;
  location.reload(); // Removes the previous user's data.
  return true;
};

/** Signs out here and at the provider. @param home the page that follows */
export const signOut = async (home = '/'): Promise<void> => {
  const tokens = keptTokens();
  dropTokens();
  let next: string | undefined;
  try {
    if (tokens?.provider) next = await (await import('./provider.ts')).signedOut(tokens);
  } catch {
    // Without an answer of the provider, the user is signed out here only.
  }
  location.assign(next ?? home);
};
