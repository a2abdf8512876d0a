/** `npm test`: every check. The last line counts. */
import { QUICK_CHECKS, runAndSum, SLOW_CHECKS } from "./checks.ts";

await runAndSum([...QUICK_CHECKS, ...SLOW_CHECKS]);
