import { defineConfig } from 'vite';

/** The page is served under a policy that allows no inline script, style or picture: everything is a separate file. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  build: {
    outDir: 'dist',
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  server: { proxy: { '^/(?!src|@|node_modules|index.html|view|board|signed-in|$)': 'http://localhost:8088' } },
});
