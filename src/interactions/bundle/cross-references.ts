/** https://hl7.org/fhir/R4/http.html#brules — the entries of a batch know nothing of each other. */

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

const linksTo = (text: string, urls: ReadonlySet<string>): string[] => {
  const found = new Set<string>()
  rewriteLinks(text, (link, place) => {
    if (place === 'reference' && urls.has(sameSpelling(link))) found.add(link)
    return undefined
  })
  return [...found]
}

/** Returns the entries of a batch, those that refer to another by its `urn:` as ones that cannot be done. */
export const refuseCrossReferences = (reading: readonly EntryRead[]): EntryRead[] => {
  const urls = reading.flatMap(({ entry }) =>
    entry?.fullUrl && /^urn:/i.test(entry.fullUrl) ? [sameSpelling(entry.fullUrl)] : [],
  )
  return reading.map((read) => {
    const { entry } = read
    const own = sameSpelling(entry?.fullUrl ?? '')
    const others = new Set(urls.filter((url) => url !== own))
    const links = entry?.body && others.size > 0 ? linksTo(entry.body.text, others) : []
    if (!entry || links.length === 0) return read
    return { entry: undefined, issues: links.map((link) => issueFor(entry.place, link)) }
  })
}
