/**
 * How the SDK names itself: in the header `X-Inngest-SDK`, in `User-Agent` and in the body of registrations.
 *
 * The form is `<language>:v<version>`. The language is `pawl-js` and not `js`, because servers of the protocol apply rules to versions of
 * `js` that are about another package: registrations of `js` 3.22.0 to 3.53.1 are refused, and before 1.10.1 a 4xx means "don't retry".
 * Any other language is stored as it comes. (wire-protocol 4.3 rule 5, 5.6.)
 */

/** Version of this package. Equal to the one in `package.json`; a test compares them. */
export const VERSION = "0.1.0";

/** Language as servers see it. */
export const SDK_LANGUAGE = "pawl-js";

/** Name and version as they travel. */
export const SDK_ID: string = `${SDK_LANGUAGE}:v${VERSION}`;
