import { randomUUID } from 'node:crypto'
import { type AttributeValue, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import type { Engines } from '../../store/engines.ts'

type Item = Record<string, AttributeValue>

export const keyOf = (pk: string): Item => ({ pk: { S: pk }, sk: { S: '#' } })

export const itemOf = (pk: string, text: string): Item => ({ ...keyOf(pk), text: { S: text } })

export const put = (table: string, pk: string, text: string): PutItemCommand =>
  new PutItemCommand({ TableName: table, Item: itemOf(pk, text) })

/** A name that no other item has. */
export const newName = (): string => randomUUID()

/** Returns a client of the stand-in that tries once, so that every answer is seen. */
export const clientOf = ({ strict }: Engines, maxAttempts = 1): DynamoDBClient =>
  new DynamoDBClient({
    endpoint: strict.endpoints.dynamodb,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
    maxAttempts,
  })
