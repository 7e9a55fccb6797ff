/** https://docs.aws.amazon.com/xray-sdk-for-nodejs/latest/reference/ */

import type { Subsegment } from 'aws-xray-sdk-core'

/** Returns whether X-Ray sampled this invocation; only then is its SDK worth its 15 ms of loading. */
export const isSampled = (header: string | undefined): boolean => /(?:^|;)\s*Sampled=1/.test(header ?? '')

/** Opens a subsegment for a request; undefined when the invocation is not sampled. */
export const openSubsegment = async (
  name: string,
  header: string | undefined,
): Promise<Subsegment | undefined> => {
  if (!isSampled(header)) return undefined
  const { default: xray } = await import('aws-xray-sdk-core')
  xray.setContextMissingStrategy(() => undefined)
  return xray.getSegment()?.addNewSubsegment(name)
}

/** Closes a subsegment with annotations, which are never content. */
export const closeSubsegment = (
  subsegment: Subsegment | undefined,
  facts: Readonly<Record<string, string | number | undefined>>,
): void => {
  for (const [key, value] of Object.entries(facts))
    if (value !== undefined) subsegment?.addAnnotation(key, value)
  subsegment?.close()
}
