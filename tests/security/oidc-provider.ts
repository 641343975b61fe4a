import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

const RESOURCE = 'https://plaza.example';

export type OidcOptions = {
  /** Lifetime of an access token, in seconds. */
  lifetime?: number;
  /** Whether refresh tokens are issued; each is valid once. */
  refresh?: boolean;
};

/**
 * A certified OpenID provider in this process: one public client (the page), JWT access tokens (RFC 9068) for Plaza,
 * and users whose name is their subject. A user called `staff-…` or `admin-…` has that role; all others are customers.
 */
export const startOidcProvider = async (
  redirectUri: string,
  { lifetime = 3600, refresh = false }: OidcOptions = {},
) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'plaza-control-center',
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', ...(refresh ? ['refresh_token'] : [])],
        response_types: ['code'],
        redirect_uris: [redirectUri],
        post_logout_redirect_uris: [new URL('/', redirectUri).href],
        application_type: 'native',
      },
    ],
    clientBasedCORS: () => true,
    pkce: { required: () => true },
    issueRefreshToken: () => refresh,
    ttl: { RefreshToken: 86_400 },
    rotateRefreshToken: true,
    cookies: { keys: ['a key for tests only'] },
    features: {
      devInteractions: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: '',
          audience: 'plaza',
          accessTokenFormat: 'jwt' as const,
          accessTokenTTL: lifetime,
          jwt: { sign: { alg: 'RS256' as const } },
        }),
      },
    },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    extraTokenClaims: (_ctx, token) => ({
      roles: [('accountId' in token && /^(staff|admin)-/.exec(String(token.accountId))?.[1]) || 'customer'],
    }),
  });
  server.on('request', provider.callback());
  return {
    issuer,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
};
