/** The OpenID provider and the page's client id there. */
export type Provider = { issuer: string; clientId: string; audience: string };

/** Tokens from the provider, or a pasted one. */
export type Tokens = {
  access: string;
  /**
   * The time from which it is renewed, in milliseconds since 1970; undefined when the provider does not state the
   * lifetime.
   */
  renewAt?: number;
  refresh?: string;
  id?: string;
  /** The user's name, if the provider states it. */
  name?: string;
  /** The provider that issued them; undefined for a pasted one. */
  provider?: Provider;
};

/** In sessionStorage of this tab; survives a reload, which a page on a wall may need. */
const KEPT_AS = 'plaza.tokens';

export const keptTokens = (): Tokens | undefined => {
  const kept = sessionStorage.getItem(KEPT_AS);
  return kept === null ? undefined : (JSON.parse(kept) as Tokens);
};

export const keepTokens = (tokens: Tokens): void => sessionStorage.setItem(KEPT_AS, JSON.stringify(tokens));

export const dropTokens = (): void => sessionStorage.removeItem(KEPT_AS);
