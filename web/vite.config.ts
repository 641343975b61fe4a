import { defineConfig, type Plugin } from 'vite';

/** The document of each address that a user opens, as `read-api/page.ts` serves them. */
const documentOf = (path: string): string | undefined => {
  if (/^\/(board|signed-in|view\/.*)?$/.test(path)) return '/staff/index.html';
  return /^\/app(\/|$)/.test(path) ? '/app/index.html' : undefined;
};

/** Serves the documents at their addresses while working on the pages. */
const documents: Plugin = {
  name: 'documents',
  configureServer: ({ middlewares }) => {
    middlewares.use((req, _res, next) => {
      const isDocument = req.headers.accept?.includes('text/html');
      const [path = '/'] = req.url?.split('?') ?? [];
      req.url = (isDocument ? documentOf(path) : undefined) ?? req.url;
      next();
    });
  },
};

/**
 * The pages are served under a policy that allows no inline script, style or picture: everything is a separate file.
 */
export default defineConfig({
  root: import.meta.dirname,
  appType: 'mpa',
  plugins: [documents],
  build: {
    rolldownOptions: {
      input: { staff: 'staff/index.html', app: 'app/index.html', worker: 'app/worker.ts' },
      // Browsers know a service worker by its address.
      output: { entryFileNames: ({ name }) => (name === 'worker' ? 'app/worker.js' : 'assets/[name]-[hash].js') },
    },
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  server: {
    proxy: { '^/(?!(staff|app|common)/|@|node_modules/|\\.\\./)': process.env.PLAZA_URL ?? 'http://localhost:8088' },
  },
});
