import { itemName, type Schema } from './tables.ts'
import {
  errorOf,
  fields,
  okAnswer,
  type WireAnswer,
  type WireCall,
  type WireItem,
  type WireJson,
} from './wire.ts'
import type { StrictContext } from './writes.ts'

/** Performs a GetItem; one that is not consistent may show the state before the last write. */
export const staleGet = async (context: StrictContext, call: WireCall): Promise<WireAnswer> => {
  const { input, send } = call
  const answer = await send('GetItem', input)
  const plain = input.ConsistentRead !== true && input.ProjectionExpression === undefined
  if (!plain || errorOf(answer) !== undefined) return answer
  const schema = await context.tables.schema(String(input.TableName), send)
  const name = schema && itemName(String(input.TableName), schema, fields(input.Key) as WireItem)
  const previous = name === undefined ? undefined : context.lag.inReads(name)
  if (!previous) return answer
  const { Item: _, ...rest } = answer.json
  return okAnswer({ ...rest, ...(previous.item && { Item: previous.item }) })
}

/**
 * Returns the items of a page as a read sees that need not be consistent: without the writes that are not shown yet. An
 * item that such a write removed, or moved out of the range, does not come back.
 */
export const staleItems = (
  { lag }: StrictContext,
  { TableName, IndexName, ConsistentRead, ...how }: WireJson,
  schema: Schema,
  items: readonly WireItem[],
): readonly WireItem[] => {
  const nameOf = (item: WireItem): string => itemName(String(TableName), schema, item)
  if (IndexName !== undefined) {
    const names = schema.indexes.get(String(IndexName)) ?? []
    return items.filter((item) => {
      const previous = lag.inIndexes(nameOf(item))
      return !previous || hasSameValues(names, item, previous.item)
    })
  }
  const whole = how.ProjectionExpression === undefined && how.FilterExpression === undefined
  if (ConsistentRead === true) return items
  return items.flatMap((item) => {
    const previous = lag.inReads(nameOf(item))
    if (!previous) return [item]
    return previous.item ? [whole ? previous.item : item] : []
  })
}

const hasSameValues = (names: readonly string[], item: WireItem, other: WireItem | undefined): boolean =>
  names.every((name) => JSON.stringify(item[name]) === JSON.stringify(other?.[name]))
