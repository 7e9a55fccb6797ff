/** Jobs: the request is an item, body and result are objects. The upload of the body starts the job. */

import type { StorePlace } from '../dynamo/open.ts'
import { openSession } from '../dynamo/open.ts'
import { getParams } from '../dynamo/params.ts'
import { deleteItem, errorName, getItem, putItem, updateItem } from '../dynamo/session.ts'
import { addressSeconds, type Job, type Jobs, keptSeconds } from './job.ts'
import { jobBodyKey, jobKey, jobResultKey } from './keys.ts'
import { presignedPut, type Signer } from './presign.ts'

export interface JobsPlace extends StorePlace {
  uploads: string
  signer: () => Signer
}

const isJobAbsent = (error: unknown): boolean => errorName(error) === 'ConditionalCheckFailedException'

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
        if (isJobAbsent(error)) return undefined
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
