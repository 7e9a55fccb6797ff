/** The rights that a call needs: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html */
import { statementTable } from '../dynamodb/statements.ts'
import { fields, listIn, type WireJson } from '../dynamodb/wire.ts'
import type { RightUse } from './policy.ts'

/** The region and account that the ARNs of tables name. */
export interface ArnPlace {
  region: string
  account: string
}

const transactActions: Readonly<Record<string, string>> = {
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

/** Returns the uses of rights that a call of DynamoDB needs, each once. */
export const databaseUses = (
  { region, account }: ArnPlace,
  operation: string,
  input: WireJson,
): RightUse[] => {
  const use = (action: string, table: unknown, index?: unknown): RightUse => ({
    action: `dynamodb:${action}`,
    resource: `arn:aws:dynamodb:${region}:${account}:table/${table}${index === undefined ? '' : `/index/${index}`}`,
  })
  return distinctUses(usesOf(use, operation, input))
}

type MakeUse = (action: string, table: unknown, index?: unknown) => RightUse

const usesOf = (use: MakeUse, operation: string, input: WireJson): RightUse[] => {
  if (input.RequestItems !== undefined)
    return Object.keys(fields(input.RequestItems)).map((table) => use(operation, table))
  if (input.TransactItems !== undefined)
    return listIn(input.TransactItems).flatMap((each) => actionUses(use, each))
  if (input.Statements !== undefined) return listIn(input.Statements).map((each) => statementUse(use, each))
  if (input.Statement !== undefined) return [statementUse(use, input)]
  return [use(operation, input.TableName, input.IndexName)]
}

const actionUses = (use: MakeUse, wrapped: WireJson): RightUse[] =>
  Object.entries(wrapped).map(([kind, action]) =>
    use(transactActions[kind] ?? kind, fields(action).TableName),
  )

const statementUse = (use: MakeUse, { Statement }: WireJson): RightUse => {
  const text = String(Statement)
  const verb = /^\s*(\w+)/.exec(text)?.[1]?.toUpperCase() ?? ''
  return use(statementActions[verb] ?? verb, statementTable(text))
}

const distinctUses = (uses: readonly RightUse[]): RightUse[] => [
  ...new Map(uses.map((use) => [`${use.action} ${use.resource}`, use] as const)).values(),
]

/** An object, or with an empty key the bucket itself. */
export interface ObjectPlace {
  bucket: string
  key: string
}

/** Returns the bucket and the key of a path-style request. */
export const requestedObject = (path: string): ObjectPlace => {
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

/** Returns the uses of rights that a request to S3 needs; an OPTIONS request needs no right. */
export const bucketUses = (method: string, path: string): RightUse[] => {
  const { bucket, key } = requestedObject(path)
  const resource = `arn:aws:s3:::${bucket}`
  if (key === '') return [{ action: 's3:ListBucket', resource }]
  const action = objectActions[method]
  return action ? [{ action: `s3:${action}`, resource: `${resource}/${key}` }] : []
}
