/** Code systems that no list holds, because a grammar says what belongs to them. */

import { unitOf } from '../fhir/units.ts'

/** https://www.rfc-editor.org/rfc/rfc6838#section-4.2 */
const mediaType =
  /^(application|audio|font|haptics|image|message|model|multipart|text|video)\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}( *; *[^;=\s]+=[^;]+)*$/

const grammars: Readonly<Record<string, (code: string) => boolean>> = {
  'urn:ietf:bcp:13': (code) => mediaType.test(code),
  'http://unitsofmeasure.org': (code) => unitOf(code) !== undefined,
}

/** Returns whether the grammar of a code system allows a code; undefined where it has none. */
export const isSpelled = (system: string, code: string): boolean | undefined =>
  Object.hasOwn(grammars, system) ? grammars[system]?.(code) : undefined
