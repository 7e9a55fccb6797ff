/** Which version of a code system an expansion goes by, https://hl7.org/fhir/R4/valueset-operation-expand.html */

import { parseCanonical } from '../fhir/references.ts'
import { failure } from '../outcome/failure.ts'
import type { Terminology } from './terminology.ts'

/** Each list holds `system|version`. */
export interface Pins {
  /** Where the value set names none. */
  usual: readonly string[]
  /** Where the value set names another, it is refused. */
  checked: readonly string[]
  /** Whatever the value set names. */
  forced: readonly string[]
}

const versionIn = (canonicals: readonly string[], system: string): string | undefined =>
  canonicals.map(parseCanonical).find(({ url }) => url === system)?.version

/** Returns the terminology with code systems in those versions. */
export const pinned = (terminology: Terminology, { usual, checked, forced }: Pins): Terminology => ({
  ...terminology,
  system: async (url, version) => {
    const check = versionIn(checked, url)
    const wanted = versionIn(forced, url) ?? version ?? check ?? versionIn(usual, url)
    const found = await terminology.system(url, wanted)
    if (check !== undefined && (found?.version ?? wanted) !== check)
      throw failure(
        'invariant',
        `The value set goes by \`${url}|${found?.version ?? wanted}\`, not by version \`${check}\` as \`check-system-version\` says.`,
      )
    return found
  },
})
