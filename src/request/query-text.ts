/** Characters that RFC 3986 permits in a query. `|` is not permitted, and Java refuses a URI with `|`. */
const kept = /%(?:2C|3A|2F|24)/g

const encodedPart = (text: string): string => encodeURIComponent(text).replace(kept, decodeURIComponent)

/** Returns the pairs as the query string of a URL, in their order and with the permitted characters in clear. */
export const queryText = (pairs: readonly (readonly [name: string, value: string])[]): string =>
  pairs.map(([name, value]) => `${encodedPart(name)}=${encodedPart(value)}`).join('&')

/** Returns the last value of a parameter. */
export const lastValue = (
  pairs: readonly (readonly [name: string, value: string])[],
  name: string,
): string | undefined => pairs.findLast(([key]) => key === name)?.[1]

/** Parameters about the form of an answer: https://hl7.org/fhir/R4/http.html#parameters */
export const resultParameters: ReadonlySet<string> = new Set(['_format', '_pretty', '_summary', '_elements'])
