const kept = /%(?:2C|3A|2F|7C|24)/g

const encoded = (text: string): string => encodeURIComponent(text).replace(kept, decodeURIComponent)

/** Returns the pairs as the query string of a URL, in their order; what may stand there in clear does. */
export const queryText = (pairs: readonly (readonly [name: string, value: string])[]): string =>
  pairs.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join('&')
