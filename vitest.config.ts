import { defineConfig } from "vitest/config";

/**
 * One Vitest run for the whole workspace. The condition `pawl-source` makes packages resolve to their TypeScript sources,
 * so nothing is built before testing. Slow suites are projects of their own: `vitest run --project end-to-end`.
 */
const resolve = { conditions: ["pawl-source"] };
const ssr = { resolve: { conditions: ["pawl-source"], externalConditions: ["pawl-source"] } };

export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts", "packages/*/src/**/*.test.tsx", "examples/*/src/**/*.test.ts", "scripts/**/*.test.ts"],
          exclude: ["packages/conformance/**", "**/node_modules/**", "**/dist/**"],
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "end-to-end",
          include: ["packages/conformance/src/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
