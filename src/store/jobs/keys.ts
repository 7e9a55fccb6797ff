/** The keys of jobs, in the system table and in the bucket of uploads. */

import type { Key } from '../keys.ts'

/** Returns the key of a job. */
export const jobKey = (tenant: string, id: string): Key => ({ pk: `${tenant}|job|${id}`, sk: '#' })

/** Returns the bucket key of a job's body; an object there begins the job. */
export const jobBodyKey = (tenant: string, id: string): string => `uploads/${tenant}/${id}`

/** Returns the bucket key of a job's result. */
export const jobResultKey = (tenant: string, id: string): string => `results/${tenant}/${id}`

/** Returns the tenant and the id of the job whose body has this bucket key. */
export const jobOf = (key: string): { tenant: string; id: string } => {
  const [, tenant = '', id = ''] = key.split('/')
  return { tenant, id }
}
