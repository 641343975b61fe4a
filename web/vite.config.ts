import { defineConfig } from 'vite';

/** The pages are served under a policy that allows no inline script, style or picture: everything is a separate file. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  build: {
    outDir: 'dist',
    rolldownOptions: { input: 'staff/index.html' },
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  server: { proxy: { '^/(?!staff|shared|@|node_modules|view|board|signed-in|$)': 'http://localhost:8088' } },
});
