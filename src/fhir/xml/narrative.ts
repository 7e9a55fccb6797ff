/** https://hl7.org/fhir/R4/narrative.html — the XHTML of a document, on its way to stand alone as a text. */

import type { SaxesTagNS } from 'saxes'
import { applyEdits, type Edit } from '../json/splice.ts'

export const xhtmlNamespace = 'http://www.w3.org/1999/xhtml'

const escapedText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/**
 * The edits that make a narrative of `source` readable without the document around: prefixes are removed, the namespace
 * is declared, and CDATA is written with entities. Every other character is kept.
 */
export class Narrative {
  readonly #source: string
  readonly #start: number
  readonly #edits: Edit[] = []

  constructor(source: string, start: number) {
    this.#source = source
    this.#start = start
  }

  #edit(start: number, end: number, text: string): void {
    this.#edits.push({ start: start - this.#start, end: end - this.#start, text })
  }

  /** Notes a start tag, whose `<` is at `start`. */
  opens({ prefix, local, attributes }: SaxesTagNS, start: number): void {
    const name = start + 1
    const end = name + (prefix === '' ? 0 : prefix.length + 1)
    const declared = start !== this.#start || 'xmlns' in attributes
    if (!declared) this.#edit(name, end + local.length, `${local} xmlns="${xhtmlNamespace}"`)
    else if (end > name) this.#edit(name, end, '')
  }

  /** Notes an end tag that ends at `end`. */
  closes({ prefix, isSelfClosing }: SaxesTagNS, end: number): void {
    if (prefix === '' || isSelfClosing) return
    const name = this.#source.lastIndexOf('</', end - 1) + 2
    this.#edit(name, name + prefix.length + 1, '')
  }

  /** Notes a CDATA section that ends at `end`. */
  cdata(text: string, end: number): void {
    this.#edit(this.#source.lastIndexOf('<![CDATA[', end - 1), end, escapedText(text))
  }

  /** Returns the text of the narrative, which ends at `end`. */
  text(end: number): string {
    return applyEdits(this.#source.slice(this.#start, end), this.#edits)
  }
}
