/** Turns the paths of search expressions into JavaScript that visits every value the path leads to. */

import { childElementsOf, choiceName, contentBelow, type ElementNode, type Model } from '../model.ts'
import type { ExpressionNode } from './fhirpath.ts'

/** A place that a path leads to: its JavaScript expression and its type. */
export interface PathPlace {
  js: string
  /** The FHIR type's name, or for inline elements their path. */
  type: string
  /** The way here in element names, conditions left out. */
  path: string
  /** The conditions on the way, as written. */
  conditions: readonly string[]
  element?: ElementNode
  /** The number of open loops. */
  depth: number
}

export interface PathWalk {
  model: Model
  text: string
  /** The variable that holds the resource. */
  root: PathPlace
}

/** Writes the statements for a place. */
export type Then = (place: PathPlace) => string

/** Returns statements that run `then` for every value the expression leads to from `from`. */
export const visitPath = (walk: PathWalk, node: ExpressionNode, from: PathPlace, then: Then): string => {
  switch (node.kind) {
    case 'group':
      return visitPath(walk, node.inner, from, then)
    case 'binary':
      return node.operator === '|'
        ? visitPath(walk, node.left, from, then) + visitPath(walk, node.right, from, then)
        : then({ ...from, js: conditionOf(walk, node, from), type: 'boolean' })
    case 'type':
      return visitPath(walk, node.on, from, (place) =>
        isType(walk.model, place.type, node.type) ? then(place) : '',
      )
    case 'variable':
      if (node.name === '%resource') return then(walk.root)
      throw unsupported(walk, node)
    case 'member':
      return visitMember(walk, node, from, then)
    case 'index':
      return visitIndex(walk, node, from, then)
    case 'call':
      return visitCall(walk, node, from, then)
    default:
      throw unsupported(walk, node)
  }
}

const unsupported = (walk: PathWalk, node: ExpressionNode): Error =>
  new Error(`no extraction for \`${walk.text.slice(node.start, node.end)}\` of \`${walk.text}\``)

/** A `canonical` is also a `uri`; and R4 spells `dateTime` as `DateTime` in a single definition. */
const isType = (model: Model, actual: string | undefined, type: string): boolean =>
  actual !== undefined &&
  (actual.toLowerCase() === type.toLowerCase() || isType(model, model.types.get(actual)?.base, type))

const visitMember = (
  walk: PathWalk,
  node: ExpressionNode & { kind: 'member' },
  from: PathPlace,
  then: Then,
): string => {
  if (node.on) return visitPath(walk, node.on, from, (place) => child(walk, place, node.name, then))
  return node.name === from.type || node.name === 'Resource' ? then(from) : child(walk, from, node.name, then)
}

const child = (walk: PathWalk, place: PathPlace, name: string, then: Then): string => {
  const element = childElementsOf(walk.model, place.type).find((candidate) => candidate.name === name)
  if (!element) throw new Error(`\`${place.type}\` has no \`${name}\`, used in \`${walk.text}\``)
  const path = `${place.path}.${name}`
  if (element.contentReference)
    return itemsStep(access(place, name), element, then, {
      ...place,
      path,
      type: element.contentReference,
      element,
    })
  return element.types
    .map(({ code }) => {
      const js = access(place, element.choice ? choiceName(name, code) : name)
      return itemsStep(js, element, then, { ...place, path, type: contentBelow(element, code), element })
    })
    .join('')
}

const access = (place: PathPlace, name: string): string =>
  /^\w+$/.test(place.js) ? `${place.js}.${name}` : `${place.js}?.${name}`

const itemsStep = (js: string, element: ElementNode, then: Then, place: PathPlace): string => {
  if (element.max === 1) return then({ ...place, js })
  const variable = `v${place.depth}`
  const body = then({ ...place, js: variable, depth: place.depth + 1 })
  return body && `for(const ${variable} of each(${js})){${body}}`
}

const visitIndex = (
  walk: PathWalk,
  node: ExpressionNode & { kind: 'index' },
  from: PathPlace,
  then: Then,
): string => {
  const { on, index } = node
  if (on.kind !== 'member' || !on.on || index.kind !== 'literal') throw unsupported(walk, node)
  const { name } = on
  return visitPath(walk, on.on, from, (place) => {
    const element = childElementsOf(walk.model, place.type).find((candidate) => candidate.name === name)
    if (!element) throw unsupported(walk, node)
    const type = contentBelow(element, element.types[0]?.code ?? '')
    const path = `${place.path}.${name}[${index.value}]`
    return then({ ...place, js: `${access(place, name)}?.[${index.value}]`, type, path, element })
  })
}

const visitCall = (
  walk: PathWalk,
  node: ExpressionNode & { kind: 'call' },
  from: PathPlace,
  then: Then,
): string => {
  const [argument] = node.args
  if (!node.on || !argument) throw unsupported(walk, node)
  const written = walk.text.slice(argument.start, argument.end)
  switch (node.name) {
    case 'as':
    case 'ofType':
      return visitPath(walk, node.on, from, (place) =>
        isType(walk.model, place.type, written) ? then(place) : '',
      )
    case 'where':
      return visitPath(walk, node.on, from, (place) => {
        const body = then({ ...place, conditions: [...place.conditions, written] })
        return body && `if(${conditionOf(walk, argument, place)}){${body}}`
      })
    case 'extension':
      return visitPath(walk, node.on, from, (place) => extension(place, argument, then))
    default:
      throw unsupported(walk, node)
  }
}

const extension = (place: PathPlace, url: ExpressionNode, then: Then): string => {
  if (url.kind !== 'literal') throw new Error('an extension is named by a literal')
  const variable = `v${place.depth}`
  const conditions = [...place.conditions, String(url.value)]
  const path = `${place.path}.extension`
  const body = then({ ...place, js: variable, type: 'Extension', path, conditions, depth: place.depth + 1 })
  return `for(const ${variable} of each(${access(place, 'extension')}))if(${variable}.url===${JSON.stringify(url.value)}){${body}}`
}

/** Returns a JavaScript condition for the few forms that search expressions use. */
const conditionOf = (walk: PathWalk, node: ExpressionNode, from: PathPlace): string => {
  if (node.kind === 'type') return `refersTo(${walk.root.js},${from.js},${JSON.stringify(node.type)})`
  if (node.kind === 'binary' && node.operator === 'and') {
    return `${conditionOf(walk, node.left, from)}&&${conditionOf(walk, node.right, from)}`
  }
  if (node.kind === 'binary' && node.right.kind === 'literal') {
    const operator = { '=': '===', '!=': '!==' }[node.operator]
    if (operator) return `${singleStep(walk, node.left, from)}${operator}${JSON.stringify(node.right.value)}`
  }
  if (node.kind === 'call' && node.name === 'exists' && node.on)
    return `${singleStep(walk, node.on, from)}!=null`
  if (node.kind === 'call' && node.name === 'hasExtension' && node.args[0]?.kind === 'literal') {
    return `each(${access(from, 'extension')}).some((x)=>x.url===${JSON.stringify(node.args[0].value)})`
  }
  throw unsupported(walk, node)
}

/** Returns an expression for the single value that a path without repetition leads to. */
const singleStep = (walk: PathWalk, node: ExpressionNode, from: PathPlace): string => {
  const found: string[] = []
  visitPath(walk, node, from, (place) => {
    found.push(place.js)
    return ''
  })
  return found.length === 1 ? String(found[0]) : `(${found.join('??')})`
}
