import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Stack } from '../../src/local/stack.ts'
import { readTemplate, type Template } from '../../src/local/template/template.ts'

/** What a job or a search is answered with. */
export interface Bundle {
  type: string
  total?: number
  entry: { resource: Bundle; response: { status: string; outcome?: object } }[]
}

/** Returns the template with queues that deliver a dead worker's message again after so many seconds, in place of 15 minutes. */
export const redelivering = (visibilitySeconds: number): Template => {
  const template = readTemplate()
  return { ...template, queues: template.queues.map((queue) => ({ ...queue, visibilitySeconds })) }
}

/** Ends all processes that do jobs. */
export const killJobs = (stack: Stack, { functions }: Template): void => {
  const count = functions.reduce((sum, fn) => sum + (fn.queue?.concurrency ?? 0), 0)
  for (const pid of stack.pids().slice(-count)) process.kill(pid, 'SIGKILL')
}

/** Returns a client of a stack that asks as somebody, for what is done later. */
export const laterOf = (stack: Stack, authorization: string) => {
  const ask = (method: string, url: string, headers: Record<string, string> = {}, body?: string) =>
    fetch(url.startsWith('http') ? url : `${stack.url}${url}`, {
      method,
      headers: { authorization, ...headers },
      ...(body === undefined ? {} : { body }),
    })
  /** Returns the result of the job at an address, once it has come to its end. */
  const outcomeAt = async (status: string, patience = 60_000): Promise<Bundle> => {
    const end = Date.now() + patience
    for (;;) {
      const response = await ask('GET', status)
      if (response.status === 200) return (await response.json()) as Bundle
      expect([response.status, response.headers.has('x-progress')]).toEqual([202, true])
      if (Date.now() > end) throw new Error('The job did not end.')
      await sleep(50)
    }
  }
  /** Returns where to put a body and where to ask what came of it. */
  const upload = async (parameters: string): Promise<{ url: string; status: string }> => {
    const response = await ask('POST', `/$upload?${parameters}`)
    expect(response.status).toBe(200)
    const { parameter } = (await response.json()) as { parameter: { name: string; valueUrl: string }[] }
    const urlOf = (name: string) => parameter.find((each) => each.name === name)?.valueUrl ?? ''
    return { url: urlOf('url'), status: urlOf('status') }
  }
  return { ask, outcomeAt, upload }
}
