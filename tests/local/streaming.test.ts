import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Stack, startStack } from '../../src/local/stack.ts'
import { readTemplate, type Template } from '../../src/local/template/template.ts'

const template = (exportName: string): Template => {
  const declared = readTemplate()
  const bundle = join(import.meta.dirname, 'handler.cjs')
  return { ...declared, functions: declared.functions.map((fn) => ({ ...fn, bundle, exportName })) }
}

describe('routes that stream', () => {
  let stack: Stack
  beforeAll(async () => {
    stack = await startStack({ template: template('streaming'), open: true, environments: 2 })
  })
  afterAll(() => stack?.stop())

  const get = (name: string) => fetch(`${stack.url}/Patient/${name}`)

  test('pass on thirty megabytes, with status and headers', async () => {
    const response = await get('large')
    expect([response.status, response.headers.get('x-one')]).toEqual([201, '1'])
    expect((await response.arrayBuffer()).byteLength).toBe(30_000_000)
  })

  test('pass on an answer without a body', async () => {
    const response = await get('empty')
    expect([response.status, await response.text()]).toEqual([201, ''])
  })

  test.each(['throw', 'wrong', 'unwritten'])('answer 502 where there is no head: %s', async (name) => {
    const response = await get(name)
    expect(response.status).toBe(502)
    expect(await response.json()).toMatchObject({ resourceType: 'OperationOutcome' })
  })

  test('break off where the function dies amid its answer', async () => {
    const response = await get('exit')
    expect(response.status).toBe(201)
    await expect(response.text()).rejects.toThrow()
  })
})

test('a function that does not stream is answered with 502 where its route does', async () => {
  const stack = await startStack({ template: template('handler'), open: true, environments: 1 })
  try {
    expect((await fetch(`${stack.url}/Patient/1`)).status).toBe(502)
  } finally {
    await stack.stop()
  }
})
