/** The official Python SDK against our server. Needs Python 3.10 or newer with `venv`; a machine without it skips each test by its name. */
import { findPython, installPython } from "../harness/python-client.ts";
import { describeSdk } from "../harness/sdk-suite.ts";

const python = findPython();

describeSdk({
  sdk: "Python SDK 0.5.19",
  missing: python === undefined ? "no Python 3.10 or newer with venv" : undefined,
  install: () => installPython(python ?? ""),
  makesTokens: true,
});
