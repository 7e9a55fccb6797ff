/** References between a batch's entries, which must be independent: https://hl7.org/fhir/R4/http.html#brules */

import { rewriteLinks } from '../../fhir/links.ts'
import { sameSpelling } from '../../fhir/references.ts'
import { error, type Issue } from '../../outcome/failure.ts'
import type { EntryRead } from '../../write/request/entries.ts'

const issueFor = (place: string, link: string): Issue =>
  error(
    'invalid',
    `\`${link}\` is another entry of the batch, whose id nobody knows yet. Send a \`transaction\`.`,
    `${place}.resource`,
  )

const linksToEntries = (text: string, urls: ReadonlySet<string>): string[] => {
  const found = new Set<string>()
  rewriteLinks(text, (link, place) => {
    if (place === 'reference' && urls.has(sameSpelling(link))) found.add(link)
    return undefined
  })
  return [...found]
}

/** Returns the batch's entries, with issues in place of each entry that refers to a further entry's `urn:` fullUrl. */
export const refuseCrossReferences = (reading: readonly EntryRead[]): EntryRead[] => {
  const urls = reading.flatMap(({ entry }) =>
    entry?.fullUrl && /^urn:/i.test(entry.fullUrl) ? [sameSpelling(entry.fullUrl)] : [],
  )
  return reading.map((read) => {
    const { entry } = read
    const own = sameSpelling(entry?.fullUrl ?? '')
    const others = new Set(urls.filter((url) => url !== own))
    const links = entry?.body && others.size > 0 ? linksToEntries(entry.body.text, others) : []
    if (!entry || links.length === 0) return read
    return { entry: undefined, issues: links.map((link) => issueFor(entry.place, link)) }
  })
}
