/** https://wicg.github.io/local-network-access/ — whoever visits a site lets its pages reach what listens on loopback. */

import type { IncomingHttpHeaders } from 'node:http'

const ofLoopback = /^(?:localhost|[\w-]+\.localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/i

/** A site can have its own name lead to loopback, but no address and none of these names. */
const ofNobody = /^(?:[\d.]+|\[[\da-f:.]+\]|host\.docker\.internal)(?::\d+)?$/i

/** Returns whether a request comes from a page of another site, which its reader knows nothing of. */
export const isForeign = ({ host = 'localhost', origin, ...headers }: IncomingHttpHeaders): boolean =>
  !(ofLoopback.test(host) || ofNobody.test(host)) ||
  // A picture or a script of another site's page is asked for without an origin; a link to here may be followed.
  (headers['sec-fetch-site'] === 'cross-site' && headers['sec-fetch-mode'] !== 'navigate') ||
  (origin !== undefined && !ofLoopback.test(origin.replace(/^https?:\/\//, '')))
