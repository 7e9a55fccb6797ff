/** A function's process that kills itself at one of its store calls, or writes down what it answers and takes the next order. */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { connect } from '../../src/store/dynamo/clients.ts'
import { sending } from '../store/faults.ts'
import { crashCases } from './crash-cases.ts'
import { processDoor } from './process-door.ts'

/** What the process is to do: a case, and before or after which call it dies. */
export interface CrashOrder {
  name: string
  run: string
  at: number
  kind: 'before' | 'after'
}

const die = (): void => {
  process.kill(process.pid, 'SIGKILL')
}

const readers: ReadonlySet<string> = new Set(['GetCommand', 'BatchGetCommand', 'QueryCommand', 'get', 'keys'])

const obey = async ({ name, run, at, kind }: CrashOrder): Promise<void> => {
  let nth = 0
  const clients = sending(connect(process.env), async (call, send) => {
    const counts = !crashCases[name]?.reading || !readers.has(call.constructor.name)
    const mine = counts && ++nth === at
    if (mine && kind === 'before') die()
    const answer = await send()
    if (mine && kind === 'after') die()
    return answer
  })
  const each = crashCases[name]
  if (!each) throw new Error(`There is no case ${name}.`)
  const { status } = await processDoor(clients, each.env)(...each.ask(run))
  writeSync(1, `${JSON.stringify({ status, calls: nth })}\n`)
}

for await (const line of createInterface({ input: process.stdin })) await obey(JSON.parse(line))
