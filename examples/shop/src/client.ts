/** The shop's client. Where the server is comes from `PAWL_DEV` or `PAWL_BASE_URL`. */
import { Pawl } from "pawl";

export const client = new Pawl({ id: "shop" });
