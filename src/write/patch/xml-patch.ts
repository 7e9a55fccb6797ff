/** https://www.rfc-editor.org/rfc/rfc5261 over https://hl7.org/fhir/R4/xml.html */

import { xhtmlNamespace } from '../../fhir/xml/narrative.ts'
import { fromXml } from '../../fhir/xml/read.ts'
import { attributeIn, elementsIn, parseTree, printTree, type XmlElement } from '../../fhir/xml/tree.ts'
import { toXml } from '../../fhir/xml/write.ts'
import { type Failure, failure } from '../../outcome/failure.ts'
import type { Patcher } from './patcher.ts'

const kinds = new Set(['add', 'replace', 'remove'])

const places = new Set(['before', 'after', 'prepend'])

const malformed = (position: number, why: string): Failure =>
  failure('malformed', `Operation ${position} of the patch ${why} Nothing was changed.`)

interface Operation {
  position: number
  kind: string
  selector: string
  at: string
  /** `@value`: what an `add` makes. */
  type: string | undefined
  content: XmlElement
}

const refused = ({ position, kind, selector }: Operation, why: string): Failure =>
  failure(
    'invariant',
    `Operation ${position} of the patch (\`${kind}\` at \`${selector}\`) does not apply: ${why} Nothing was changed.`,
  )

const operationOf = (content: XmlElement, position: number): Operation => {
  const selector = attributeIn(content, 'sel')
  if (!kinds.has(content.name))
    throw malformed(position, `is \`${content.name}\`; it may be ${[...kinds].join(', ')}.`)
  if (selector === undefined) throw malformed(position, 'needs `sel`.')
  const [type, at] = [attributeIn(content, 'type'), attributeIn(content, 'pos')]
  if (type !== undefined && !/^@[\w-]+$/.test(type))
    throw malformed(position, `has the \`type\` \`${type}\`; it may be an attribute, such as \`@value\`.`)
  if (at !== undefined && !places.has(at))
    throw malformed(position, `has the \`pos\` \`${at}\`; it may be ${[...places].join(', ')}.`)
  return { position, kind: content.name, selector, at: at ?? 'append', type, content }
}

const operationsOf = (patch: string): Operation[] => {
  const root = parseTree(patch)
  const operations = elementsIn(root).map(operationOf)
  if (root.name !== 'diff' || operations.length === 0)
    throw failure('malformed', 'An XML Patch is a `<diff>` of operations, at least one.')
  return operations
}

/** One step of a selector: a name, and conditions on what it selects. */
interface Step {
  /** Where the name has a prefix. */
  uri: string | undefined
  name: string
  conditions: readonly string[]
}

const step = /^(?:([\w-]+):)?([\w-]+|\*|@[\w-]+)((?:\[[^\]]*\])*)$/

const namespaceOf = (operation: Operation, prefix: string | undefined): string | undefined => {
  if (prefix === undefined) return undefined
  const uri = operation.content.prefixes[prefix]
  if (uri === undefined) throw refused(operation, `the prefix \`${prefix}\` is not declared.`)
  return uri
}

const stepsOf = (operation: Operation): Step[] =>
  operation.selector
    .replace(/^\//, '')
    .split(/\/(?![^[]*\])/)
    .map((text) => {
      const [, prefix, name, conditions = ''] = step.exec(text) ?? []
      if (name === undefined) throw refused(operation, `\`${text}\` is not understood.`)
      return {
        uri: namespaceOf(operation, prefix),
        name,
        conditions: [...conditions.matchAll(/\[([^\]]*)\]/g)].map(([, inner = '']) => inner.trim()),
      }
    })

const condition = /^(?:(?:[\w-]+:)?([\w-]+)\/)?@([\w-]+)\s*=\s*(?:'([^']*)'|"([^"]*)")$/

const holds = (operation: Operation, text: string, element: XmlElement, position: number): boolean => {
  if (/^\d+$/.test(text)) return Number(text) === position
  const [, child, attribute = '', single, double] = condition.exec(text) ?? []
  if (attribute === '') throw refused(operation, `the condition \`${text}\` is not understood.`)
  const subjects = child === undefined ? [element] : elementsIn(element).filter(({ name }) => name === child)
  return subjects.some((subject) => attributeIn(subject, attribute) === (single ?? double))
}

const selected = (operation: Operation, parent: XmlElement, { uri, name, conditions }: Step): XmlElement[] =>
  conditions.reduce(
    (found, text) => found.filter((element, i) => holds(operation, text, element, i + 1)),
    elementsIn(parent).filter(
      (element) => (name === '*' || element.name === name) && (uri === undefined || element.uri === uri),
    ),
  )

/** What a selector leads to: an element with the one it stands in, and perhaps an attribute of it. */
interface Found {
  element: XmlElement
  parent: XmlElement
  /** All elements around it, from the document on. */
  around: readonly XmlElement[]
  attribute: string | undefined
}

const find = (operation: Operation, document: XmlElement): Found => {
  const steps = stepsOf(operation)
  const last = steps.at(-1)?.name ?? ''
  const attribute = last.startsWith('@') ? last.slice(1) : undefined
  let found: Found[] = [{ element: document, parent: document, around: [], attribute }]
  for (const each of attribute === undefined ? steps : steps.slice(0, -1))
    found = found.flatMap(({ element, around }) =>
      selected(operation, element, each).map((next) => ({
        element: next,
        parent: element,
        around: [...around, element],
        attribute,
      })),
    )
  const [one, ...more] = found
  if (!one || (attribute !== undefined && attributeIn(one.element, attribute) === undefined))
    throw refused(operation, 'there is nothing at its `sel`.')
  if (more.length > 0)
    throw refused(operation, `its \`sel\` leads to ${found.length} elements; it must be one.`)
  return one
}

const textIn = ({ children }: XmlElement): string =>
  children
    .filter((child) => typeof child === 'string')
    .join('')
    .trim()

const setAttribute = (element: XmlElement, name: string, value: string | undefined): void => {
  element.attributes = element.attributes.filter(([key]) => key !== name)
  if (value !== undefined) element.attributes.push([name, value])
}

const place = (operation: Operation, { element, parent }: Found): [into: XmlElement, at: number] => {
  const own = parent.children.indexOf(element)
  if (operation.at === 'before') return [parent, own]
  if (operation.at === 'after') return [parent, own + 1]
  return [element, operation.at === 'prepend' ? 0 : element.children.length]
}

const add = (operation: Operation, found: Found): void => {
  const { type, content, position } = operation
  if (found.attribute !== undefined) throw refused(operation, 'nothing can be added to an attribute.')
  if (type !== undefined) {
    setAttribute(found.element, type.slice(1), textIn(content))
    return
  }
  if (content.children.length === 0) throw malformed(position, 'has nothing to add.')
  const [into, at] = place(operation, found)
  into.children.splice(at, 0, ...content.children)
}

const replace = (operation: Operation, { element, parent, attribute }: Found): void => {
  const content = elementsIn(operation.content)
  if (attribute !== undefined) setAttribute(element, attribute, textIn(operation.content))
  else if (content.length === 1) parent.children.splice(parent.children.indexOf(element), 1, ...content)
  else throw malformed(operation.position, 'needs one element in place of the other.')
}

const remove = (
  _: Operation,
  { element, parent, around, attribute }: Found,
  emptied: Set<XmlElement>,
): void => {
  for (const each of [...around, element]) emptied.add(each)
  if (attribute !== undefined) setAttribute(element, attribute, undefined)
  else parent.children.splice(parent.children.indexOf(element), 1)
}

type Apply = (operation: Operation, found: Found, emptied: Set<XmlElement>) => void

const apply: Readonly<Record<string, Apply>> = { add, replace, remove }

/** A resource may be empty, and a narrative has rules of its own. */
const isNothing = ({ name, uri, attributes, children }: XmlElement): boolean =>
  uri !== xhtmlNamespace &&
  !/^[A-Z]/.test(name) &&
  children.length === 0 &&
  attributes.every(([attribute]) => attribute === 'id')

/** An element whose last child was removed goes with it, and in turn what held only that. */
const prune = (element: XmlElement, emptied: Set<XmlElement>): void => {
  for (const child of elementsIn(element)) {
    prune(child, emptied)
    if (!emptied.has(child) || !isNothing(child)) continue
    element.children.splice(element.children.indexOf(child), 1)
    emptied.add(element)
  }
}

/** Returns what changes a JSON text as an XML Patch of its XML says; that fails at the first operation that cannot be done. */
export const xmlPatcher = (patch: string): Patcher => {
  operationsOf(patch)
  return (text) => {
    const document: XmlElement = {
      name: '',
      uri: '',
      prefixes: {},
      attributes: [],
      children: [parseTree(toXml(text))],
    }
    const emptied = new Set<XmlElement>()
    for (const operation of operationsOf(patch))
      apply[operation.kind]?.(operation, find(operation, document), emptied)
    prune(document, emptied)
    return fromXml(elementsIn(document).map(printTree).join(''))
  }
}
