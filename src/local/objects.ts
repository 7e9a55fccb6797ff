// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html
import { setTimeout as sleep } from 'node:timers/promises'
import type { ObjectEvent } from './engine-host.ts'
import type { Environments, Runnable } from './environments.ts'
import type { LambdaFunction } from './template.ts'

/** Lambda tries an event three times; here the pauses between are a second instead of minutes. */
const attempts = 3
const pause = 1000

type Listener = Pick<LambdaFunction, 'id' | 'objects'>

const isFor = ({ objects }: Listener, { Records: [first] }: ObjectEvent): boolean =>
  first?.eventName.startsWith('ObjectCreated:') === true &&
  first.s3.bucket.name === objects?.bucket &&
  first.s3.object.key.startsWith(objects.prefix)

const deliver = async (environments: Environments, fn: Runnable, event: ObjectEvent): Promise<void> => {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const { kind } = await environments.invoke(fn, event)
    if (kind === 'result') return
    await sleep(pause)
  }
}

/** Hands an event of the bucket to the functions that listen for it, as Lambda does: again where one fails. */
export const tellFunctions = (
  event: ObjectEvent,
  functions: readonly Listener[],
  runnables: ReadonlyMap<string, Runnable>,
  environments: Environments,
): void => {
  for (const fn of functions.filter((each) => isFor(each, event))) {
    const runnable = runnables.get(fn.id)
    if (runnable) deliver(environments, runnable, event).catch(console.error)
  }
}
