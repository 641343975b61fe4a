import * as oauth from 'oauth4webapi';
import { type Phrase, same } from './language.ts';
import type { Provider, Tokens } from './tokens.ts';

/** The redirect URI that must be registered at the provider. */
const redirectUri = (): string => `${location.origin}/signed-in`;

/** Kept in this tab while the user is at the provider. */
type Attempt = { provider: Provider; state: string; nonce: string; verifier: string; returnTo: string };

const KEPT_AS = 'plaza.signing-in';

const clientOf = ({ clientId }: Provider): oauth.Client => ({ client_id: clientId, [oauth.clockTolerance]: 30 });

/** Tokens go over HTTPS only, unless the operators configured an issuer without it on the same machine. */
const wire = ({ issuer }: Provider) => ({ [oauth.allowInsecureRequests]: issuer.startsWith('http:') });

const discover = async (provider: Provider): Promise<oauth.AuthorizationServer> => {
  const issuer = new URL(provider.issuer);
  return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, wire(provider)));
};

/** Only an absolute URI may be a resource (RFC 8707 2). */
const resourceOf = ({ audience }: Provider) => (URL.canParse(audience) ? { resource: audience } : {});

/**
 * Begins the authorization code flow (OpenID Connect Core 3.1) with PKCE (RFC 7636).
 * @param returnTo the view to return to
 * @returns the URL for the user
 * @throws Error when the provider does not answer; {@link reasonOf} puts it in words
 */
export const authorizationUrl = async (provider: Provider, returnTo: string): Promise<string> => {
  const { authorization_endpoint: endpoint } = await discover(provider);
  if (!endpoint) throw new Error('the provider names no authorization_endpoint');
  const url = new URL(endpoint);
  const attempt: Attempt = {
    provider,
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
    verifier: oauth.generateRandomCodeVerifier(),
    returnTo,
  };
  sessionStorage.setItem(KEPT_AS, JSON.stringify(attempt));
  const parameters = {
    client_id: provider.clientId,
    response_type: 'code',
    scope: 'openid profile',
    redirect_uri: redirectUri(),
    state: attempt.state,
    nonce: attempt.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(attempt.verifier),
    code_challenge_method: 'S256',
    ...resourceOf(provider),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
};

/** Seconds before a token's expiry at which it is renewed. */
const EARLY = 30;

const tokensOf = (provider: Provider, response: oauth.TokenEndpointResponse, before?: Tokens): Tokens => {
  const { access_token: access, expires_in, refresh_token, id_token } = response;
  const claims = oauth.getValidatedIdTokenClaims(response);
  const called = [claims?.name, claims?.preferred_username].find((one) => typeof one === 'string');
  return {
    ...before,
    provider,
    access,
    ...(expires_in === undefined ? {} : { renewAt: Date.now() + Math.max(expires_in - EARLY, expires_in / 2) * 1000 }),
    ...(refresh_token === undefined ? {} : { refresh: refresh_token }),
    ...(id_token === undefined ? {} : { id: id_token }),
    ...(called === undefined ? {} : { name: called }),
  };
};

/** Returns the reason why signing in failed. */
export const reasonOf = (error: unknown): Phrase => {
  if (error instanceof oauth.AuthorizationResponseError || error instanceof oauth.ResponseBodyError)
    return same(error.error_description ?? error.error);
  if (error instanceof TypeError) return AWAY; // thrown by fetch
  return same(error instanceof Error ? error.message : String(error));
};

const AWAY = { en: 'the identity provider does not answer', ko: 'ID 공급자가 응답하지 않습니다' };
const NOT_BEGUN = { en: 'it was not started in this tab', ko: '이 탭에서 시작한 로그인이 아닙니다' };

/**
 * Completes {@link authorizationUrl}: gets the tokens for the provider's code.
 * @param answered the URL to which the provider redirected
 * @returns the tokens, or the reason for none; the view to return to
 */
export const signedIn = async (
  answered: URL,
): Promise<({ tokens: Tokens } | { failed: Phrase }) & { returnTo: string }> => {
  const kept = sessionStorage.getItem(KEPT_AS);
  sessionStorage.removeItem(KEPT_AS);
  if (kept === null) return { failed: NOT_BEGUN, returnTo: '/' };
  const { provider, state, nonce, verifier, returnTo } = JSON.parse(kept) as Attempt;
  const client = clientOf(provider);
  try {
    const server = await discover(provider);
    const answer = oauth.validateAuthResponse(server, client, answered, state);
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      oauth.None(),
      answer,
      redirectUri(),
      verifier,
      { ...wire(provider), additionalParameters: resourceOf(provider) },
    );
    const expected = { expectedNonce: nonce, requireIdToken: true };
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, expected);
    return { tokens: tokensOf(provider, tokens), returnTo };
  } catch (error) {
    return { failed: reasonOf(error), returnTo };
  }
};

/**
 * Returns new tokens for the refresh token, which the provider rotates (RFC 9700 4.14); without one when the provider
 * no longer accepts it.
 * @throws Error when the provider does not answer
 */
export const renewed = async (tokens: Tokens): Promise<Tokens> => {
  const { provider, refresh, ...others } = tokens;
  if (!provider || refresh === undefined) return tokens;
  const [server, client] = [await discover(provider), clientOf(provider)];
  const response = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), refresh, {
    ...wire(provider),
    additionalParameters: resourceOf(provider),
  });
  try {
    return tokensOf(provider, await oauth.processRefreshTokenResponse(server, client, response), tokens);
  } catch (error) {
    if (error instanceof oauth.ResponseBodyError) return { ...others, provider };
    throw error;
  }
};

/**
 * Revokes the refresh token at the provider (RFC 7009).
 * @returns the provider's sign-out URL (OpenID Connect RP-Initiated Logout 1.0); undefined if it has none
 */
export const signedOut = async ({ provider, refresh, id }: Tokens): Promise<string | undefined> => {
  if (!provider) return undefined;
  const [server, client] = [await discover(provider), clientOf(provider)];
  if (refresh !== undefined && server.revocation_endpoint)
    await oauth.revocationRequest(server, client, oauth.None(), refresh, wire(provider));
  if (!server.end_session_endpoint) return undefined;
  const url = new URL(server.end_session_endpoint);
  url.searchParams.set('client_id', provider.clientId);
  url.searchParams.set('post_logout_redirect_uri', `${location.origin}/`);
  if (id !== undefined) url.searchParams.set('id_token_hint', id);
  return url.href;
};
