/** https://wicg.github.io/local-network-access/ — a web page in the user's browser can reach servers on loopback. */

import type { IncomingHttpHeaders } from 'node:http'

const ofLoopback = /^(?:localhost|[\w-]+\.localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/i

/**
 * Hosts that cannot be another site's name: a site can point its own name to loopback, but owns no address and not
 * Docker's name.
 */
const ofNobody = /^(?:[\d.]+|\[[\da-f:.]+\]|host\.docker\.internal)(?::\d+)?$/i

/** Returns whether a request comes from a page of another site, without the user's knowledge. */
export const isForeign = ({ host = 'localhost', origin, ...headers }: IncomingHttpHeaders): boolean =>
  !(ofLoopback.test(host) || ofNobody.test(host)) ||
  // A picture or a script of another site's page is asked for without an origin; a link to here may be followed.
  (headers['sec-fetch-site'] === 'cross-site' && headers['sec-fetch-mode'] !== 'navigate') ||
  (origin !== undefined && !ofLoopback.test(origin.replace(/^https?:\/\//, '')))
