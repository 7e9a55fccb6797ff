import { describe, expect, test } from 'vitest'
import { batchWriteItems } from '../../src/store/dynamo/batch.ts'
import { prepare } from '../../src/store/dynamo/items.ts'
import {
  deadParams,
  flipParams,
  recordParams,
  stageStatement,
  transactParams,
} from '../../src/store/dynamo/params.ts'
import { historyParams, pageParams } from '../../src/store/dynamo/read/query-params.ts'
import { put, remove, textOf } from './drafts.ts'

const note = { type: 'Patient', id: 'p1', code: 'c' }
const before = {
  ...note,
  v: 3,
  w: 'aBefore',
  t: '2026-01-01T00:00:00.000Z',
  method: 'PUT' as const,
  deleted: false,
  text: textOf(note),
}
const tables = { resources: 'r', search: 's', system: 'y' }

describe('parameters', () => {
  test('of a create refuse what is there', () => {
    const params = flipParams('r', prepare('t', put(note), 'w1', false))
    expect(params).toMatchObject({
      TableName: 'r',
      Item: {
        pk: 't|Patient|p1',
        sk: '#',
        v: 1,
        w: 'w1',
        method: 'POST',
        tsk: '2026-11-21T10:00:00.000Z|p1|1',
      },
      ConditionExpression: 'attribute_not_exists(pk)',
    })
  })

  test('of an update expect the write that was read, and nothing staged', () => {
    const params = flipParams('r', prepare('t', put(note, before), 'w1', false))
    expect(params.ConditionExpression).toBe(
      'w = :w AND attribute_not_exists(txn) AND attribute_not_exists(#next)',
    )
    expect(params.ExpressionAttributeValues).toEqual({ ':w': 'aBefore' })
  })

  test('of a deletion hold no body', () => {
    const { Item } = flipParams('r', prepare('t', remove(before), 'w1', false))
    expect(Item).toMatchObject({ v: 4, deleted: true })
    expect(Item).not.toHaveProperty('body')
  })

  test('of a transaction put the record first', () => {
    const record = recordParams('y', { pk: 't|txn|1', sk: '#' }, { state: 'committed' })
    const { TransactItems = [] } = transactParams(tables, [prepare('t', put(note), 'w1', false)], record)
    expect(TransactItems.map(({ Put }) => Put?.TableName)).toEqual(['y', 'r'])
  })

  test('of staging insert what is new and put what changes beside the current version', () => {
    const created = stageStatement('r', prepare('t', remove({ ...before }), 'w1', true), 'x1')
    expect(created.Statement).toMatch(/^UPDATE "r" SET "next" = \? WHERE pk = \? AND sk = \? AND w = \?/)
    const inserted = stageStatement('r', prepare('t', put(note), 'w1', true), 'x1')
    expect(inserted.Statement).toMatch(/^INSERT INTO "r" VALUE {'pk': \?, 'sk': \?/)
    expect(inserted.Parameters).toHaveLength(inserted.Statement.split('?').length - 1)
    expect(inserted.Parameters).toContain('x1')
  })

  test('of a page name one shard and its bounds', () => {
    expect(
      pageParams('s', 't', {
        list: 'Patient|name^a',
        shard: 0,
        from: 'ab',
        to: 'ac',
        reverse: true,
        limit: 7,
        after: 'k',
      }),
    ).toEqual({
      TableName: 's',
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
      ExpressionAttributeValues: { ':pk': 't|Patient|name^a|0', ':from': 'ab', ':to': 'ac' },
      ScanIndexForward: false,
      Limit: 7,
      ExclusiveStartKey: { pk: 't|Patient|name^a|0', sk: 'k' },
    })
  })

  test('of history read newest first', () => {
    const params = historyParams('r', 'by-time', 't|2026-01-01|0', {
      from: 'a',
      to: 'b',
      oldestFirst: false,
      limit: 3,
    })
    expect(params).toMatchObject({ IndexName: 'by-time', ScanIndexForward: false, Limit: 3 })
  })

  test('of marking entries dead touch only items that exist', () => {
    expect(deadParams('s', { pk: 'p', sk: 'q' }, ['a', 'b'])).toMatchObject({
      UpdateExpression: 'ADD dead :ids',
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeValues: { ':ids': new Set(['a', 'b']) },
    })
  })

  test('of a batch gather the requests of each table', () => {
    const items = batchWriteItems([
      { table: 's', put: { pk: 'a' } },
      { table: 'r', put: { pk: 'b' } },
      { table: 's', remove: { pk: 'c', sk: 'd' } },
    ])
    expect(items).toEqual({
      s: [{ PutRequest: { Item: { pk: 'a' } } }, { DeleteRequest: { Key: { pk: 'c', sk: 'd' } } }],
      r: [{ PutRequest: { Item: { pk: 'b' } } }],
    })
  })
})
