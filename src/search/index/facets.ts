/** Facets rule out a resource without reading it: four-byte hashes of its tokens and references, packed. */

/** The most facets of an entry. A resource with more facets has none, and is always read. */
const mostFacets = 64

/** Returns the hash of a value under a parameter's code. */
export const facetOf = (code: string, value: string): number => {
  const text = `${code}|${value}`
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) >>> 0
}

/** Returns the packed facets for an entry; undefined for no facets, or more than `mostFacets`. */
export const packFacets = (facets: ReadonlySet<number>): Uint8Array | undefined => {
  if (facets.size === 0 || facets.size > mostFacets) return undefined
  const view = new DataView(new ArrayBuffer(facets.size * 4))
  ;[...facets]
    .sort((a, b) => a - b)
    .forEach((facet, i) => {
      view.setUint32(i * 4, facet)
    })
  return new Uint8Array(view.buffer)
}

/** Returns whether any wanted facet is among the packed facets. */
export const hasFacet = (packed: Uint8Array, wanted: ReadonlySet<number>): boolean => {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength)
  for (let at = 0; at + 4 <= packed.byteLength; at += 4) if (wanted.has(view.getUint32(at))) return true
  return false
}
