/*
 * The service worker of /app: it keeps the page's own files, so that the page opens without a network. It never answers
 * a query: what the page keeps of those is in its storage with the time of the answer, which the page then tells.
 */

type Lasting = Event & { waitUntil(done: Promise<unknown>): void };
type Fetched = Lasting & { request: Request; respondWith(answer: Promise<Response>): void };
type Worker = {
  addEventListener(type: 'install' | 'activate', listener: (event: Lasting) => void): void;
  addEventListener(type: 'fetch', listener: (event: Fetched) => void): void;
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
};
const worker = globalThis as unknown as Worker;

const CACHE = 'plaza-app';
const SHELL = '/app';
/** Milliseconds after which a slow network is not waited for: the kept page opens, and reads its data itself. */
const PATIENCE = 3000;

/** Keeps a document with the files that it names, and removes the files of an older one. */
const keep = async (document: Response): Promise<void> => {
  const cache = await caches.open(CACHE);
  const html = await document.clone().text();
  if (html === (await (await cache.match(SHELL))?.text())) return;
  const files = [...html.matchAll(/(?:src|href)="(\/(?:assets|app)\/[^"]+)"/g)].map(([, path]) => path!);
  await cache.addAll(files);
  await cache.put(SHELL, document);
  for (const { url } of await cache.keys()) {
    const { pathname } = new URL(url);
    if (pathname !== SHELL && !pathname.endsWith('.woff2') && !files.includes(pathname)) await cache.delete(url);
  }
};

const readShell = async (): Promise<Response> => {
  const answer = await fetch(SHELL);
  if (!answer.ok) throw new Error(answer.statusText);
  return answer;
};

/** Answers with the page of the server, or with the kept one where the server does not answer in time. */
const open = async (event: Fetched): Promise<Response> => {
  const current = readShell();
  event.waitUntil(current.then((answer) => keep(answer.clone())).catch(() => {}));
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE));
  const answer = await Promise.race([current.catch(() => undefined), late]);
  return answer?.clone() ?? (await caches.match(SHELL)) ?? current;
};

/** Answers with a kept file. The name of a file contains a hash of its content. */
const file = async (request: Request): Promise<Response> => {
  const kept = await caches.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await (await caches.open(CACHE)).put(request, answer.clone());
  return answer;
};

worker.addEventListener('install', (event) =>
  event.waitUntil(
    readShell()
      .then(keep)
      .then(() => worker.skipWaiting()),
  ),
);
worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener('fetch', (event) => {
  const { method, mode, url } = event.request;
  const { pathname, origin } = new URL(url);
  if (method !== 'GET' || origin !== location.origin) return;
  if (mode === 'navigate') event.respondWith(open(event));
  else if (pathname.startsWith('/assets/')) event.respondWith(file(event.request));
});

export {}; // keeps its names to itself
