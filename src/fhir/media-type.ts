/** https://www.rfc-editor.org/rfc/rfc9110#section-8.3.1 */

/** Returns a media type without its parameters, in lower case. */
export const bareType = (mediaType: string): string => mediaType.split(';')[0]?.trim().toLowerCase() ?? ''
