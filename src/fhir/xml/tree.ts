/** XML as a tree, which only an XML Patch needs. */

import { SaxesParser, type SaxesTagNS } from 'saxes'
import { failure } from '../../outcome/failure.ts'
import { tooDeep } from '../../outcome/messages.ts'
import { maxXmlDepth } from './read.ts'
import { escaped, fhirNamespace } from './write.ts'

/** An element: its name without a prefix, its attributes, and its children, texts among them. */
export interface XmlElement {
  name: string
  uri: string
  /** The namespaces of the prefixes that are declared for the element. */
  prefixes: Readonly<Record<string, string>>
  attributes: [name: string, value: string][]
  children: (XmlElement | string)[]
}

const elementOf = (tag: SaxesTagNS, parent: XmlElement | undefined): XmlElement => ({
  name: tag.local,
  uri: tag.uri,
  prefixes: { ...parent?.prefixes, ...tag.ns },
  attributes: Object.values(tag.attributes).flatMap(({ name, prefix, value }): [string, string][] =>
    name === 'xmlns' || prefix === 'xmlns' ? [] : [[name, value]],
  ),
  children: [],
})

/** Parses XML text into a tree; fails if the text is not well-formed, has a DOCTYPE or nests too deep. */
export const parseTree = (xml: string): XmlElement => {
  const parser = new SaxesParser({ xmlns: true, position: true })
  const root: XmlElement = { name: '', uri: '', prefixes: {}, attributes: [], children: [] }
  const open = [root]
  parser.on('doctype', () => {
    throw failure('malformed', 'A DOCTYPE is not allowed: it could define entities.')
  })
  parser.on('error', (error) => {
    throw failure('malformed', `This is not well-formed XML: ${error.message}`)
  })
  parser.on('opentag', (tag) => {
    if (open.length > maxXmlDepth) throw tooDeep(maxXmlDepth)
    const element = elementOf(tag, open.at(-1))
    open.at(-1)?.children.push(element)
    open.push(element)
  })
  parser.on('closetag', () => void open.pop())
  parser.on('text', (text) => void open.at(-1)?.children.push(text))
  parser.on('cdata', (text) => void open.at(-1)?.children.push(text))
  parser.write(xml).close()
  return root.children.find((child) => typeof child !== 'string') as XmlElement
}

/** Returns the elements among an element's children. */
export const elementsIn = ({ children }: XmlElement): XmlElement[] =>
  children.filter((child) => typeof child !== 'string')

/** Returns the value of an attribute. */
export const attributeIn = ({ attributes }: XmlElement, name: string): string | undefined =>
  attributes.find(([key]) => key === name)?.[1]

const print = ({ name, uri, attributes, children }: XmlElement, around: string): string => {
  // What a patch adds without a namespace of its own is FHIR's.
  const own = uri === '' ? fhirNamespace : uri
  const namespace = own === around ? '' : ` xmlns="${own}"`
  const written = attributes.map(([key, value]) => ` ${key}="${escaped(value)}"`).join('')
  const content = children
    .map((child) => (typeof child === 'string' ? escaped(child) : print(child, own)))
    .join('')
  return content === ''
    ? `<${name}${namespace}${written}/>`
    : `<${name}${namespace}${written}>${content}</${name}>`
}

/** Turns a tree into XML text. */
export const printTree = (element: XmlElement): string => print(element, '')
