/** The official Go SDK against our server. Needs Go 1.24 or newer; a machine without it skips each test by its name. */
import { goApp } from "../harness/go-client.ts";
import { describeSdk, KILLED, LARGE, LARGE_EVENT, LAST_ATTEMPT } from "../harness/sdk-suite.ts";

describeSdk({
  sdk: "Go SDK 0.14.4",
  app: goApp(),
  makesTokens: false,
  cannot: {
    HTTP: { [LARGE]: "the SDK does not fetch state (`use_api`)" },
    Connect: {
      [LARGE_EVENT]: "the SDK reads messages of at most 32 KiB",
      [LARGE]: "the SDK reads messages of at most 32 KiB",
      [LAST_ATTEMPT]: "the SDK answers with the function's error, not with the step's",
      [KILLED]: "the SDK gives up when its connection breaks without a closing frame",
    },
  },
});
