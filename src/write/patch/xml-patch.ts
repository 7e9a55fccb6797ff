/** https://www.rfc-editor.org/rfc/rfc5261 over https://hl7.org/fhir/R4/xml.html */

import { xhtmlNamespace } from '../../fhir/xml/narrative.ts'
import { fromXml } from '../../fhir/xml/read.ts'
import { attributeIn, elementsIn, parseTree, printTree, type XmlElement } from '../../fhir/xml/tree.ts'
import { toXml } from '../../fhir/xml/write.ts'
import { type Failure, failure } from '../../outcome/failure.ts'
import type { Patcher } from './patcher.ts'

const xmlKinds = new Set(['add', 'replace', 'remove'])

const insertPlaces = new Set(['before', 'after', 'prepend'])

const malformedXml = (position: number, why: string): Failure =>
  failure('malformed', `Operation ${position} of the patch ${why} Nothing was changed.`)

interface XmlOperation {
  position: number
  kind: string
  selector: string
  at: string
  /** The attribute that an `add` creates, such as `@value`. */
  type: string | undefined
  content: XmlElement
}

const refusedXml = ({ position, kind, selector }: XmlOperation, why: string): Failure =>
  failure(
    'invariant',
    `Operation ${position} of the patch (\`${kind}\` at \`${selector}\`) does not apply: ${why} Nothing was changed.`,
  )

const xmlOperation = (content: XmlElement, position: number): XmlOperation => {
  const selector = attributeIn(content, 'sel')
  if (!xmlKinds.has(content.name))
    throw malformedXml(position, `is \`${content.name}\`; it may be ${[...xmlKinds].join(', ')}.`)
  if (selector === undefined) throw malformedXml(position, 'needs `sel`.')
  const [type, at] = [attributeIn(content, 'type'), attributeIn(content, 'pos')]
  if (type !== undefined && !/^@[\w-]+$/.test(type))
    throw malformedXml(position, `has the \`type\` \`${type}\`; it may be an attribute, such as \`@value\`.`)
  if (at !== undefined && !insertPlaces.has(at))
    throw malformedXml(position, `has the \`pos\` \`${at}\`; it may be ${[...insertPlaces].join(', ')}.`)
  return { position, kind: content.name, selector, at: at ?? 'append', type, content }
}

const xmlOperations = (patch: string): XmlOperation[] => {
  const root = parseTree(patch)
  const operations = elementsIn(root).map(xmlOperation)
  if (root.name !== 'diff' || operations.length === 0)
    throw failure('malformed', 'An XML Patch is a `<diff>` of operations, at least one.')
  return operations
}

/** A step of a selector: a name, and conditions on the selected elements. */
interface SelectorStep {
  /** The namespace of a name with a prefix. */
  uri: string | undefined
  name: string
  conditions: readonly string[]
}

const stepPattern = /^(?:([\w-]+):)?([\w-]+|\*|@[\w-]+)((?:\[[^\]]*\])*)$/

const namespaceOf = (operation: XmlOperation, prefix: string | undefined): string | undefined => {
  if (prefix === undefined) return undefined
  const uri = operation.content.prefixes[prefix]
  if (uri === undefined) throw refusedXml(operation, `the prefix \`${prefix}\` is not declared.`)
  return uri
}

const stepsOf = (operation: XmlOperation): SelectorStep[] =>
  operation.selector
    .replace(/^\//, '')
    .split(/\/(?![^[]*\])/)
    .map((text) => {
      const [, prefix, name, conditions = ''] = stepPattern.exec(text) ?? []
      if (name === undefined) throw refusedXml(operation, `\`${text}\` is not understood.`)
      return {
        uri: namespaceOf(operation, prefix),
        name,
        conditions: [...conditions.matchAll(/\[([^\]]*)\]/g)].map(([, inner = '']) => inner.trim()),
      }
    })

const condition = /^(?:(?:[\w-]+:)?([\w-]+)\/)?@([\w-]+)\s*=\s*(?:'([^']*)'|"([^"]*)")$/

const holds = (operation: XmlOperation, text: string, element: XmlElement, position: number): boolean => {
  if (/^\d+$/.test(text)) return Number(text) === position
  const [, child, attribute = '', single, double] = condition.exec(text) ?? []
  if (attribute === '') throw refusedXml(operation, `the condition \`${text}\` is not understood.`)
  const subjects = child === undefined ? [element] : elementsIn(element).filter(({ name }) => name === child)
  return subjects.some((subject) => attributeIn(subject, attribute) === (single ?? double))
}

const selected = (
  operation: XmlOperation,
  parent: XmlElement,
  { uri, name, conditions }: SelectorStep,
): XmlElement[] =>
  conditions.reduce(
    (found, text) => found.filter((element, i) => holds(operation, text, element, i + 1)),
    elementsIn(parent).filter(
      (element) => (name === '*' || element.name === name) && (uri === undefined || element.uri === uri),
    ),
  )

/** The node that a selector leads to: an element with its parent, and perhaps an attribute of the element. */
interface SelectedNode {
  element: XmlElement
  parent: XmlElement
  /** All elements around it, from the document on. */
  around: readonly XmlElement[]
  attribute: string | undefined
}

const selectNode = (operation: XmlOperation, document: XmlElement): SelectedNode => {
  const steps = stepsOf(operation)
  const last = steps.at(-1)?.name ?? ''
  const attribute = last.startsWith('@') ? last.slice(1) : undefined
  let found: SelectedNode[] = [{ element: document, parent: document, around: [], attribute }]
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
    throw refusedXml(operation, 'there is nothing at its `sel`.')
  if (more.length > 0)
    throw refusedXml(operation, `its \`sel\` leads to ${found.length} elements; it must be one.`)
  return one
}

const directText = ({ children }: XmlElement): string =>
  children
    .filter((child) => typeof child === 'string')
    .join('')
    .trim()

const setAttribute = (element: XmlElement, name: string, value: string | undefined): void => {
  element.attributes = element.attributes.filter(([key]) => key !== name)
  if (value !== undefined) element.attributes.push([name, value])
}

const insertPosition = (
  operation: XmlOperation,
  { element, parent }: SelectedNode,
): [into: XmlElement, at: number] => {
  const own = parent.children.indexOf(element)
  if (operation.at === 'before') return [parent, own]
  if (operation.at === 'after') return [parent, own + 1]
  return [element, operation.at === 'prepend' ? 0 : element.children.length]
}

const addNode = (operation: XmlOperation, found: SelectedNode): void => {
  const { type, content, position } = operation
  if (found.attribute !== undefined) throw refusedXml(operation, 'nothing can be added to an attribute.')
  if (type !== undefined) {
    setAttribute(found.element, type.slice(1), directText(content))
    return
  }
  if (content.children.length === 0) throw malformedXml(position, 'has nothing to add.')
  const [into, at] = insertPosition(operation, found)
  into.children.splice(at, 0, ...content.children)
}

const replaceNode = (operation: XmlOperation, { element, parent, attribute }: SelectedNode): void => {
  const content = elementsIn(operation.content)
  if (attribute !== undefined) setAttribute(element, attribute, directText(operation.content))
  else if (content.length === 1) parent.children.splice(parent.children.indexOf(element), 1, ...content)
  else throw malformedXml(operation.position, 'needs one element in place of the other.')
}

const removeNode = (
  _: XmlOperation,
  { element, parent, around, attribute }: SelectedNode,
  emptied: Set<XmlElement>,
): void => {
  for (const each of [...around, element]) emptied.add(each)
  if (attribute !== undefined) setAttribute(element, attribute, undefined)
  else parent.children.splice(parent.children.indexOf(element), 1)
}

type Apply = (operation: XmlOperation, found: SelectedNode, emptied: Set<XmlElement>) => void

const applyXml: Readonly<Record<string, Apply>> = { add: addNode, replace: replaceNode, remove: removeNode }

/** Returns whether an element is empty. A resource may be empty, and a narrative has rules of its own. */
const isEmptyElement = ({ name, uri, attributes, children }: XmlElement): boolean =>
  uri !== xhtmlNamespace &&
  !/^[A-Z]/.test(name) &&
  children.length === 0 &&
  attributes.every(([attribute]) => attribute === 'id')

/** Removes every element whose last child was removed, and in turn the elements that contained nothing else. */
const prune = (element: XmlElement, emptied: Set<XmlElement>): void => {
  for (const child of elementsIn(element)) {
    prune(child, emptied)
    if (!emptied.has(child) || !isEmptyElement(child)) continue
    element.children.splice(element.children.indexOf(child), 1)
    emptied.add(element)
  }
}

/**
 * Returns the function that applies an XML Patch to the XML form of a JSON text. The function fails at the first
 * operation that does not apply.
 */
export const xmlPatcher = (patch: string): Patcher => {
  xmlOperations(patch)
  return (text) => {
    const document: XmlElement = {
      name: '',
      uri: '',
      prefixes: {},
      attributes: [],
      children: [parseTree(toXml(text))],
    }
    const emptied = new Set<XmlElement>()
    for (const operation of xmlOperations(patch))
      applyXml[operation.kind]?.(operation, selectNode(operation, document), emptied)
    prune(document, emptied)
    return fromXml(elementsIn(document).map(printTree).join(''))
  }
}
