import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { etagOf, sendTagged } from '../platform/http/conditional.ts';
import { problems, sendProblem } from '../platform/http/problem.ts';
import type { SignIn } from '../platform/identity/system.ts';

const DIST = join(import.meta.dirname, '../web/dist');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

/** Returns the servers that the page may send requests to: Plaza and, to get tokens, the identity provider. */
const connectSources = (signIn: SignIn): string =>
  signIn.signIn === 'on' && signIn.issuer !== null ? `'self' ${new URL(signIn.issuer).origin}` : "'self'";

const pageHeaders = (signIn: SignIn) => ({
  'Cache-Control': 'no-cache',
  'Content-Security-Policy': [
    "default-src 'self'",
    `connect-src ${connectSources(signIn)}`,
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
});

/** The name of an asset contains a hash of its content. */
const ASSET_HEADERS = { 'Cache-Control': 'public, max-age=31536000, immutable' };

/** The service worker is one of these files, and is for the page at `/app`, which is above its folder. */
const APP_FILE_HEADERS = { 'Cache-Control': 'no-cache', 'Service-Worker-Allowed': '/app' };

type Asset = { type: string; bytes: Buffer; etag: string };

const readAsset = (file: string): Asset => {
  const bytes = readFileSync(file);
  return { type: TYPES[extname(file)] ?? 'application/octet-stream', bytes, etag: etagOf(bytes) };
};

type Pages = {
  /** The page for those who run Plaza, and the one for its customers. */
  staff: Asset;
  app: Asset;
  assets: ReadonlyMap<string, Asset>;
  /** The manifest, the icons and the service worker of the page for customers. */
  appFiles: ReadonlyMap<string, Asset>;
};

const readFolder = (folder: string): ReadonlyMap<string, Asset> =>
  new Map(readdirSync(folder).map((name) => [name, readAsset(join(folder, name))]));

const readPages = (folder: string): Pages | undefined => {
  if (!existsSync(join(folder, 'staff/index.html'))) return undefined;
  return {
    staff: readAsset(join(folder, 'staff/index.html')),
    app: readAsset(join(folder, 'app/index.html')),
    assets: readFolder(join(folder, 'assets')),
    appFiles: readFolder(join(folder, 'app')),
  };
};

const send = (
  req: Request,
  res: Response,
  { type, bytes, etag }: Asset,
  headers: Readonly<Record<string, string>>,
): Promise<void> =>
  sendTagged(req, res, bytes, { 'Content-Type': type, 'X-Content-Type-Options': 'nosniff', ...headers }, etag);

/**
 * Serves the pages as they were built: the same document at each URL of a page (the page itself chooses the view), and
 * their assets. They are read at the first request and kept in memory.
 * @param signIn names the identity provider, the only other server that a page may send requests to
 */
export const pageRoutes = (signIn: SignIn = { signIn: 'off' }, folder = DIST): Router => {
  const router = Router({ caseSensitive: true });
  const headers = pageHeaders(signIn);
  let pages: Pages | undefined;
  const found = (): Pages | undefined => {
    pages ??= readPages(folder);
    return pages;
  };
  const document =
    (name: 'staff' | 'app'): RequestHandler =>
    async (req, res) => {
      const index = found()?.[name];
      if (index) await send(req, res, index, headers);
      else sendProblem(res, { ...problems.notFound(), detail: 'The page is not built: npm run build' });
    };

  router.get(['/', '/board', '/signed-in', '/view/*path'], document('staff'));
  router.get('/app/:name', async (req, res, next) => {
    const file = found()?.appFiles.get(req.params.name);
    if (file) await send(req, res, file, APP_FILE_HEADERS);
    else next();
  });
  router.get(['/app', '/app/*path'], document('app'));

  router.get('/assets/:name', async (req, res) => {
    const asset = found()?.assets.get(req.params.name);
    if (asset) await send(req, res, asset, ASSET_HEADERS);
    else sendProblem(res, problems.notFound());
  });
  return router;
};
