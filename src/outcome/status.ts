/** https://www.rfc-editor.org/rfc/rfc9110#section-15 */

/** The HTTP statuses that this service answers with, each with its phrase. */
const phrases = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  409: 'Conflict',
  410: 'Gone',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
} as const satisfies Record<number, string>

/** A status with a phrase; the status of every kind of failure is a member. */
export type Status = keyof typeof phrases

const phraseByStatus: Readonly<Record<number, string>> = phrases

/** Returns a status with its phrase, as in `Bundle.entry.response.status`: `201 Created`; without a phrase, the number alone. */
export const statusLine = (status: number): string => `${status} ${phraseByStatus[status] ?? ''}`.trim()
