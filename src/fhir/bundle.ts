/** https://hl7.org/fhir/R4/bundle.html */

import { objectText, raw } from './json/object-text.ts'

export type BundleType = 'searchset' | 'history' | 'batch-response' | 'transaction-response'

export interface BundleLink {
  relation: string
  url: string
}

export interface BundleParts {
  type: BundleType
  id?: string
  timestamp?: string
  total?: number | undefined
  links?: readonly BundleLink[]
  entries: readonly string[]
}

/** Returns the text of a Bundle from the texts of its entries. */
export const bundleText = ({ type, id, timestamp, total, links, entries }: BundleParts): string =>
  objectText({
    resourceType: 'Bundle',
    id,
    meta: timestamp === undefined ? undefined : { lastUpdated: timestamp },
    type,
    timestamp: type === 'searchset' ? undefined : timestamp,
    total,
    link: links && links.length > 0 ? links : undefined,
    entry: entries.length > 0 ? raw(`[${entries.join(',')}]`) : undefined,
  })
