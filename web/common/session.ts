import type { Role } from '../../schemas/access.ts';
import type { Phrase } from './language.ts';
import { createStore } from './store.ts';
import { dropTokens, keepTokens, keptTokens, type Provider, type Tokens } from './tokens.ts';

/** The signed-in user, from Plaza. */
export type Caller = { sub: string; id: string; roles: readonly Role[]; scope?: readonly string[] };

export type Session =
  /** Plaza has not yet said whether sign-in is on. @property isUnanswered whether it has not answered at all */
  | { state: 'asking'; isUnanswered?: boolean }
  /** Sign-in is off. */
  | { state: 'off' }
  /** @property provider null where tokens are pasted */
  | { state: 'out'; provider: Provider | null; failed?: Phrase }
  /** `over`: the token has expired; the data that it read stays on the page. */
  | { state: 'in' | 'over'; provider: Provider | null; caller: Caller; name: string };

/** Returns the signed-in user, also when the token has expired; undefined without sign-in. */
export const callerOf = (now: Session): Caller | undefined =>
  now.state === 'in' || now.state === 'over' ? now.caller : undefined;

export const session = createStore<Session>({ state: 'asking' });

/** Milliseconds between two attempts when the provider does not answer. */
const TRY_AGAIN_AFTER = 10_000;

let renewing: Promise<void> | undefined;
let failedAt = Number.NEGATIVE_INFINITY;

const renew = async (tokens: Tokens): Promise<void> => {
  const { renewed } = await import('./provider.ts');
  try {
    const next = await renewed(tokens);
    if (keptTokens()?.access === tokens.access) keepTokens(next); // Otherwise the user has signed out meanwhile.
  } catch {
    failedAt = Date.now();
  }
};

/** Renews the token once for all callers. While the provider does not answer, returns the old one until it expires. */
export const accessToken = async (): Promise<string | undefined> => {
  const tokens = keptTokens();
  if (!tokens) return undefined;
  const { refresh, renewAt = Number.POSITIVE_INFINITY } = tokens;
  const isDue = Date.now() > renewAt && Date.now() - failedAt > TRY_AGAIN_AFTER;
  if (refresh !== undefined && isDue) {
    renewing ??= renew(tokens).finally(() => {
      renewing = undefined;
    });
    await renewing;
  }
  return keptTokens()?.access;
};

/** Records that Plaza refused the token (401). */
export const tokenRefused = (refused: string): void => {
  if (keptTokens()?.access === refused) dropTokens();
  const now = session.get();
  if (now.state === 'in') session.set({ ...now, state: 'over' });
};
