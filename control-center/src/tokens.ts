/** The OpenID provider and the page's client id there. */
export type Provider = { issuer: string; clientId: string; audience: string };

/** Tokens as the provider issued them, or one that was pasted. */
export type Tokens = {
  access: string;
  /** From when on another is asked for, in milliseconds since 1970; never where the provider does not tell how long it is good. */
  renewAt?: number;
  refresh?: string;
  id?: string;
  /** What the user is called, where the provider tells it. */
  name?: string;
  /** Whose tokens they are; undefined for one that was pasted. */
  provider?: Provider;
};

/** Of this tab alone, and gone with it; kept over a reload, which a page on a wall may need. */
const KEPT_AS = 'plaza.tokens';

export const keptTokens = (): Tokens | undefined => {
  const kept = sessionStorage.getItem(KEPT_AS);
  return kept === null ? undefined : (JSON.parse(kept) as Tokens);
};

export const keepTokens = (tokens: Tokens): void => sessionStorage.setItem(KEPT_AS, JSON.stringify(tokens));

export const dropTokens = (): void => sessionStorage.removeItem(KEPT_AS);
