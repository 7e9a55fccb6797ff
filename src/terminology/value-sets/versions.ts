/** The versions of code systems in an expansion, https://hl7.org/fhir/R4/valueset-operation-expand.html */

import { parseCanonical } from '../../fhir/references.ts'
import { failure } from '../../outcome/failure.ts'
import type { Terminology } from '../terminology.ts'

/** Each list holds `system|version`. */
export interface Pins {
  /** Applied where the value set names no version. */
  usual: readonly string[]
  /** A value set with another version is refused. */
  checked: readonly string[]
  /** Applied whatever version the value set names. */
  forced: readonly string[]
}

const pinnedVersion = (canonicals: readonly string[], system: string): string | undefined =>
  canonicals.map(parseCanonical).find(({ url }) => url === system)?.version

/**
 * Returns the terminology with code systems in these versions. Fails where `checked` names another version.
 */
export const pinned = (terminology: Terminology, { usual, checked, forced }: Pins): Terminology => ({
  ...terminology,
  system: async (url, version) => {
    const check = pinnedVersion(checked, url)
    const wanted = pinnedVersion(forced, url) ?? version ?? check ?? pinnedVersion(usual, url)
    const found = await terminology.system(url, wanted)
    if (check !== undefined && (found?.version ?? wanted) !== check)
      throw failure(
        'invariant',
        `The value set goes by \`${url}|${found?.version ?? wanted}\`, not by version \`${check}\` as \`check-system-version\` says.`,
      )
    return found
  },
})
