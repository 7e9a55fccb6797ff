/** Requests that are done later: what was asked is an item, bodies and results are objects; whoever puts a body begins the job. */

import type { StorePlace } from './dynamo/open.ts'
import { openSession } from './dynamo/open.ts'
import { getParams } from './dynamo/params.ts'
import { deleteItem, errorName, getItem, putItem, updateItem } from './dynamo/session.ts'
import { jobBodyKey, jobKey, jobResultKey } from './keys.ts'
import { presignedPut, type Signer } from './presign.ts'

/** What was asked, of whom, and what became of it. */
export interface Job {
  id: string
  /** Who asked; nobody else sees it. */
  owner: { id: string; name: string; groups: readonly string[] }
  base: string
  method: string
  path: string
  query: readonly (readonly [string, string])[]
  headers: Readonly<Record<string, string>>
  /** Milliseconds since 1970. */
  made: number
  /** When work on it last began, and how often it has. */
  begun?: number
  attempts?: number
  /** Whether its result is there. */
  done?: boolean
}

export interface Jobs {
  make(job: Job): Promise<void>
  get(id: string): Promise<Job | undefined>
  /** Notes that work begins; returns the job as it is then, or nothing where it was forgotten. */
  begin(id: string, now: number): Promise<Job | undefined>
  /** Keeps the result; returns whether anybody still wants it. */
  finish(id: string, result: string): Promise<boolean>
  forget(id: string): Promise<void>
  putBody(id: string, body: Uint8Array): Promise<void>
  body(id: string): Promise<Uint8Array>
  result(id: string): Promise<string>
  /** Returns an address to which the body can be put. */
  address(id: string, bytes: number, contentType: string, now: number): string
}

export interface JobsPlace extends StorePlace {
  uploads: string
  signer: () => Signer
}

/** How long a job and its result are kept. */
export const keptSeconds = 24 * 60 * 60
/** How long the address of an upload can be used. */
export const addressSeconds = 60 * 60

const absent = (error: unknown): boolean => errorName(error) === 'ConditionalCheckFailedException'

/** Returns a tenant's jobs. */
export const openJobs = (place: JobsPlace) => {
  const sessionOf = openSession(place)
  const { bucket } = place.clients
  return (tenant: string): Jobs => {
    const session = sessionOf(tenant)
    const table = place.tables.system
    const update = async (
      id: string,
      set: string,
      values: Record<string, unknown>,
    ): Promise<Job | undefined> => {
      try {
        const { Attributes } = await updateItem(session, {
          TableName: table,
          Key: jobKey(tenant, id),
          UpdateExpression: set,
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeValues: values,
          ReturnValues: 'ALL_NEW',
        })
        return Attributes?.job && { ...Attributes.job, ...Attributes }
      } catch (error) {
        if (absent(error)) return undefined
        throw error
      }
    }
    return {
      make: async (job) => {
        const ttl = Math.ceil(job.made / 1000) + keptSeconds
        await putItem(session, { TableName: table, Item: { ...jobKey(tenant, job.id), job, ttl } })
      },
      get: async (id) => {
        const { Item } = await getItem(session, getParams(table, jobKey(tenant, id)))
        return Item?.job && { ...Item.job, ...Item }
      },
      begin: (id, now) => update(id, 'SET begun = :now ADD attempts :one', { ':now': now, ':one': 1 }),
      finish: async (id, result) => {
        await bucket.put(place.uploads, jobResultKey(tenant, id), Buffer.from(result))
        return (await update(id, 'SET done = :done', { ':done': true })) !== undefined
      },
      forget: async (id) => {
        await deleteItem(session, { TableName: table, Key: jobKey(tenant, id) })
      },
      putBody: (id, body) => bucket.put(place.uploads, jobBodyKey(tenant, id), body),
      body: (id) => bucket.get(place.uploads, jobBodyKey(tenant, id)),
      result: async (id) => Buffer.from(await bucket.get(place.uploads, jobResultKey(tenant, id))).toString(),
      address: (id, bytes, contentType, now) =>
        presignedPut(
          { bucket: place.uploads, key: jobBodyKey(tenant, id), bytes, contentType, seconds: addressSeconds },
          place.signer(),
          now,
        ),
    }
  }
}
