/** `npm run verify`: every check. `npm run verify:quick`: only those that take seconds. */
import { QUICK_CHECKS, runAndSum, SLOW_CHECKS } from "./checks.ts";

await runAndSum(process.argv.includes("--quick") ? QUICK_CHECKS : [...QUICK_CHECKS, ...SLOW_CHECKS]);
