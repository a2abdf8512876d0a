/** The official Python SDK against our server. Needs Python 3.10 or newer with `venv`; a machine without it skips each test by its name. */
import { pythonApp } from "../harness/python-client.ts";
import { describeSdk } from "../harness/sdk-suite.ts";

describeSdk({ sdk: "Python SDK 0.5.19", app: pythonApp(), makesTokens: true });
