/** RFC 3986 lets a query hold these as they are; `|` is not among them, and Java refuses a URI that has one. */
const kept = /%(?:2C|3A|2F|24)/g

const encoded = (text: string): string => encodeURIComponent(text).replace(kept, decodeURIComponent)

/** Returns the pairs as the query string of a URL, in their order; what may stand there in clear does. */
export const queryText = (pairs: readonly (readonly [name: string, value: string])[]): string =>
  pairs.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join('&')
