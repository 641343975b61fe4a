import { createHash, randomBytes } from 'node:crypto';

/** A minimal browser for the flow: it keeps cookies and does not follow redirects. */
const browser = () => {
  const cookies = new Map<string, string>();
  return async (url: string, init: RequestInit = {}): Promise<Response> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { ...init, redirect: 'manual', headers: { ...init.headers, cookie } });
    for (const set of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      cookies.set(name, value);
    }
    return answer;
  };
};

const form = (fields: Record<string, string>): RequestInit => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(fields).toString(),
});

/**
 * Signs a user in as a page does: the authorization code flow with PKCE (RFC 6749 4.1, RFC 7636), from what `GET
 * /sign-in` and the provider's discovery document tell.
 * @returns the access token
 */
export const signInByCodeFlow = async (plaza: string, redirectUri: string, user: string): Promise<string> => {
  const { issuer, clientId } = (await (await fetch(`${plaza}/sign-in`)).json()) as { issuer: string; clientId: string };
  const discovery = await fetch(`${issuer}/.well-known/openid-configuration`);
  const endpoints = (await discovery.json()) as { authorization_endpoint: string; token_endpoint: string };
  const verifier = randomBytes(32).toString('base64url');
  const open = browser();

  const request = new URLSearchParams({
    client_id: clientId,
    response_type: 'code',
    scope: 'openid',
    redirect_uri: redirectUri,
    state: 'from-here',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  let answer = await open(`${endpoints.authorization_endpoint}?${request}`);
  for (let steps = 0; steps < 10; steps++) {
    const next = new URL(answer.headers.get('location') ?? '', issuer).href;
    if (next.startsWith(redirectUri)) {
      const code = new URL(next).searchParams.get('code') ?? '';
      const fields = { grant_type: 'authorization_code', client_id: clientId, redirect_uri: redirectUri, code };
      const tokens = await fetch(endpoints.token_endpoint, form({ ...fields, code_verifier: verifier }));
      return ((await tokens.json()) as { access_token: string }).access_token;
    }
    answer = await open(next);
    if (answer.status === 200) {
      const prompt = (await answer.text()).includes('name="login"') ? 'login' : 'consent';
      answer = await open(next, form(prompt === 'login' ? { prompt, login: user, password: 'any' } : { prompt }));
    }
  }
  throw new Error('the provider did not come to an end');
};
