import { defineConfig } from 'vite';

/** Where the running program or the mock server is, for `npm run dev`. */
const target = process.env.BASE_URL ?? 'http://127.0.0.1:8000';
/** Where the build goes: beside the crate that embeds it, or where `dashboard/check` compares it. */
const outDir = process.env.DASHBOARD_DIST ?? '../crates/dashboard/dist';
const proxied = ['/api', '/health', '/plugins', '/drain', '/undrain', '/reload'];

export default defineConfig({
  base: '/dashboard/',
  // Nothing of the page is worth more than one request, and a policy without `data:` fonts and scripts forbids inlining.
  build: {
    outDir,
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    sourcemap: false,
    target: 'es2022',
    rolldownOptions: {
      output: {
        entryFileNames: 'app-[hash].js',
        chunkFileNames: '[name]-[hash].js',
        assetFileNames: '[name]-[hash][extname]',
      },
    },
  },
  server: {
    proxy: Object.fromEntries(proxied.map((path) => [path, { target, changeOrigin: true }])),
  },
});
