/**
 * Build of the dashboard: static files in `dist/`, hashed under `/assets`, served by the server at `/`.
 * `npm run dev` proxies the API to the mock server (port 8299), or to `PAWL_UI_API`.
 */
import { defineConfig, type UserConfig } from "vite";

const api = process.env["PAWL_UI_API"] ?? "http://127.0.0.1:8299";

// What is built is what ships, also when a test builds it: with `NODE_ENV=test` React's development code would go along, three times as large.
if (process.argv.includes("build")) process.env["NODE_ENV"] = "production";

const config: UserConfig = defineConfig({
  resolve: { conditions: ["pawl-source", "module", "browser", "development|production"] },
  build: { target: "es2023", sourcemap: false, assetsInlineLimit: 0, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 400 },
  server: { host: "127.0.0.1", proxy: { "/ui/v1": api } },
});

export default config;
