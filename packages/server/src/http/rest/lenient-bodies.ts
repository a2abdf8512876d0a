/**
 * Bodies of the REST APIs: JSON whatever their type is said to be, and none where there is nothing, as clients of the protocol send them.
 *
 * Spec: wire 11.2, 11.3.
 */
import type { FastifyInstance } from "fastify";

/** Has the routes of a scope read bodies so. */
export function readBodiesLeniently(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser("error", "error");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string" }, (request, body, done) => {
    if (body === "") done(null, undefined);
    else void parseJson(request, body as string, done);
  });
}
