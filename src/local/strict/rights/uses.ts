/** The rights that a call needs: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html */
import { tableOf } from '../dynamodb/statements.ts'
import { fields, type Input, records } from '../dynamodb/wire.ts'
import type { Use } from './policy.ts'

/** The region and account that the ARNs of tables name. */
export interface Place {
  region: string
  account: string
}

const actionOf: Readonly<Record<string, string>> = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
  Get: 'GetItem',
}

const statementActions: Readonly<Record<string, string>> = {
  INSERT: 'PartiQLInsert',
  UPDATE: 'PartiQLUpdate',
  DELETE: 'PartiQLDelete',
  SELECT: 'PartiQLSelect',
}

/** Returns what a call of DynamoDB needs rights for, each once. */
export const databaseUses = ({ region, account }: Place, operation: string, input: Input): Use[] => {
  const use = (action: string, table: unknown, index?: unknown): Use => ({
    action: `dynamodb:${action}`,
    resource: `arn:aws:dynamodb:${region}:${account}:table/${table}${index === undefined ? '' : `/index/${index}`}`,
  })
  return distinct(usesOf(use, operation, input))
}

type MakeUse = (action: string, table: unknown, index?: unknown) => Use

const usesOf = (use: MakeUse, operation: string, input: Input): Use[] => {
  if (input.RequestItems !== undefined)
    return Object.keys(fields(input.RequestItems)).map((table) => use(operation, table))
  if (input.TransactItems !== undefined)
    return records(input.TransactItems).flatMap((each) => actionUses(use, each))
  if (input.Statements !== undefined) return records(input.Statements).map((each) => statementUse(use, each))
  if (input.Statement !== undefined) return [statementUse(use, input)]
  return [use(operation, input.TableName, input.IndexName)]
}

const actionUses = (use: MakeUse, wrapped: Input): Use[] =>
  Object.entries(wrapped).map(([kind, action]) => use(actionOf[kind] ?? kind, fields(action).TableName))

const statementUse = (use: MakeUse, { Statement }: Input): Use => {
  const text = String(Statement)
  const verb = /^\s*(\w+)/.exec(text)?.[1]?.toUpperCase() ?? ''
  return use(statementActions[verb] ?? verb, tableOf(text))
}

const distinct = (uses: readonly Use[]): Use[] => [
  ...new Map(uses.map((use) => [`${use.action} ${use.resource}`, use] as const)).values(),
]

/** An object, or with an empty key the bucket itself. */
export interface ObjectPlace {
  bucket: string
  key: string
}

/** Returns the bucket and the key of a path-style request. */
export const objectOf = (path: string): ObjectPlace => {
  const [, bucket = '', ...rest] = new URL(path, 'http://local').pathname.split('/')
  return { bucket, key: decodeURIComponent(rest.join('/')) }
}

const objectActions: Readonly<Record<string, string>> = {
  GET: 'GetObject',
  HEAD: 'GetObject',
  PUT: 'PutObject',
  POST: 'PutObject',
  DELETE: 'DeleteObject',
}

/** Returns what a request to S3 needs rights for; an OPTIONS request needs none. */
export const bucketUses = (method: string, path: string): Use[] => {
  const { bucket, key } = objectOf(path)
  const resource = `arn:aws:s3:::${bucket}`
  if (key === '') return [{ action: 's3:ListBucket', resource }]
  const action = objectActions[method]
  return action ? [{ action: `s3:${action}`, resource: `${resource}/${key}` }] : []
}
