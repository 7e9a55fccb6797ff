import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { callEngine } from '../../src/local/engines/aws.ts'
import { findDynoxide, Refusal } from '../../src/local/engines/engines.ts'
import { type Stack, startStack } from '../../src/local/stack.ts'
import { readOptions } from '../../src/local/start.ts'
import { projectRoot, readTemplate, type Template } from '../../src/local/template/template.ts'

const misbehaving = (): Template => {
  const template = readTemplate()
  const bundle = join(import.meta.dirname, 'handler.cjs')
  return {
    ...template,
    functions: template.functions.map((fn) => ({ ...fn, bundle, timeoutSeconds: 1 })),
    routes: template.routes.map(({ streams: _, ...route }) => route),
  }
}

const temporary = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'pilotlight-test-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const until = async (condition: () => boolean | Promise<boolean>, milliseconds = 8000): Promise<void> => {
  const end = Date.now() + milliseconds
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('It did not come to pass in time.')
    await sleep(30)
  }
}

describe('a stack whose functions misbehave', () => {
  let stack: Stack
  let authorization: string

  beforeAll(async () => {
    stack = await startStack({ template: misbehaving(), environments: 2 })
    authorization = `Bearer ${await stack.token('clinician')}`
  })
  afterAll(() => stack?.stop())

  const get = (path: string, headers: Record<string, string> = { authorization }) =>
    fetch(stack.url + path, { headers })
  const post = (body: Buffer | string, headers: Record<string, string> = {}) =>
    fetch(stack.url, { method: 'POST', body, headers: { authorization, ...headers } })

  test('answers with the claims of a demo user, and every value of a header', async () => {
    const response = await get('/Patient/1')
    expect(response.headers.get('x-many')).toBe('a, b')
    expect(await response.json()).toMatchObject({
      claims: { 'cognito:username': 'clinician', 'cognito:groups': 'clinician', token_use: 'id' },
      table: 'resources-table',
    })
  })

  test('answers 401 with an OperationOutcome without a token, but not at metadata', async () => {
    const refused = await get('/Patient/1', {})
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toBe('Bearer')
    expect(refused.headers.get('content-type')).toBe('application/fhir+json')
    expect(await refused.json()).toMatchObject({
      resourceType: 'OperationOutcome',
      issue: [{ code: 'login' }],
    })
    expect((await get('/metadata', {})).status).toBe(200)
  })

  const refusal = (path: string, headers: Record<string, string>): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(stack.url)
      request({ hostname, port, path, headers }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      })
        .once('error', reject)
        .end()
    })

  test.each(['/fhir/Patient/1', '/fhir/metadata', '/config.json', '/oauth2/token'])(
    'answers %s to no page of another site, nor under its name',
    async (path) => {
      for (const headers of [
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { origin: 'http://localhost.evil.example:3000' },
        { host: 'evil.example:3000' },
      ])
        expect(await refusal(path, headers), JSON.stringify(headers)).toBe(400)
    },
  )

  test.each([
    { origin: 'http://localhost:5173' },
    { origin: 'http://[::1]:8000', host: '127.0.0.1:3000' },
    { host: 'fhir.localhost:3000' },
    { host: '192.168.1.5:3000' },
  ])('answers a program of this machine: %j', async (headers) => {
    expect(await refusal('/fhir/metadata', headers)).toBe(200)
  })

  test('takes a path with empty parts for what it is without them', async () => {
    expect(await refusal('/fhir//[', {})).toBe(401)
    expect(await refusal('//[', {})).toBe(403)
  })

  test("answers 401 to the pool's own access token", async () => {
    const user = stack.users.find(({ name }) => name === 'clinician')
    const signedIn = await callEngine<{ AuthenticationResult: { AccessToken: string } }>(
      'cognito',
      stack.cognito,
      'InitiateAuth',
      {
        AuthFlow: 'USER_PASSWORD_AUTH',
        ClientId: stack.clientId,
        AuthParameters: { USERNAME: 'clinician', PASSWORD: user?.password ?? '' },
      },
    )
    expect(
      (await get('/Patient/1', { authorization: signedIn.AuthenticationResult.AccessToken })).status,
    ).toBe(401)
  })

  test.each([
    ['/Patient/throw', 502],
    ['/Patient/wrong', 502],
    ['/Patient/large', 502],
    ['/Patient/exit', 502],
    ['/Patient/hang', 504],
  ])('answers %s with %i, and the next request as ever', async (path, status) => {
    const response = await get(path)
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ resourceType: 'OperationOutcome' })
    expect((await get('/Patient/1')).status).toBe(200)
  })

  test('replaces an environment that was killed', async () => {
    // Two for requests, one for the stream and two for jobs, once those that died before have been replaced.
    await until(() => stack.pids().length === 5)
    const before = stack.pids()
    for (const pid of before) process.kill(pid, 'SIGKILL')
    await until(
      () => stack.pids().length === before.length && stack.pids().every((pid) => !before.includes(pid)),
    )
    expect((await get('/Patient/1')).status).toBe(200)
  })

  test('answers 413 over 10 MB, and over 6 MB as Lambda counts them', async () => {
    expect((await post('x'.repeat(10 * 1024 * 1024 + 1))).status).toBe(413)
    expect((await post('x'.repeat(6_300_000))).status).toBe(413)
    expect((await post('"'.repeat(3_200_000))).status).toBe(413)
    expect((await post('x'.repeat(6_200_000))).status).toBe(200)
  })

  test('inflates a compressed body, and answers 413 to what is too large then, 400 to what is not compressed', async () => {
    const response = await post(gzipSync('x'.repeat(5000)), { 'content-encoding': 'gzip' })
    expect(await response.json()).toMatchObject({ bytes: 5000 })
    expect((await post('no gzip', { 'content-encoding': 'gzip' })).status).toBe(400)
    const bomb = gzipSync(Buffer.alloc(11 * 1024 * 1024))
    expect((await post(bomb, { 'content-encoding': 'gzip' })).status).toBe(413)
  })

  test('runs many requests at once, one at a time in each environment', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, async () => (await get('/Patient/1')).json()),
    )
    expect(new Set(answers.map((answer) => (answer as { pid: number }).pid)).size).toBe(2)
  })

  test('listens on loopback only', async () => {
    const address = Object.values(networkInterfaces())
      .flat()
      .find((candidate) => candidate && !candidate.internal && candidate.family === 'IPv4')?.address
    const { port } = new URL(stack.url)
    if (address) await expect(fetch(`http://${address}:${port}/fhir/metadata`)).rejects.toThrow()
  })
})

describe('a stack', () => {
  test('that is open makes everybody an administrator', async () => {
    const stack = await startStack({ template: misbehaving(), environments: 1, open: true })
    onTestFinished(() => stack.stop())
    expect(await (await fetch(`${stack.url}/Patient/1`)).json()).toMatchObject({
      claims: { 'cognito:groups': 'admin' },
    })
  })

  test('keeps its pool and tables between starts', async () => {
    const dataDir = temporary()
    const first = await startStack({ template: misbehaving(), environments: 1, dataDir })
    const written = { TableName: 'system-table', Item: { pk: { S: 'a' }, sk: { S: 'b' } } }
    await callEngine('dynamodb', first.endpoints.dynamodb, 'PutItem', written)
    await first.stop()
    const second = await startStack({ template: misbehaving(), environments: 1, dataDir })
    onTestFinished(() => second.stop())
    expect(second.poolId).toBe(first.poolId)
    const wanted = { TableName: 'system-table', Key: { pk: { S: 'a' }, sk: { S: 'b' } } }
    const read = await callEngine('dynamodb', second.endpoints.dynamodb, 'GetItem', wanted)
    expect(read.Item).toBeDefined()
  })

  test('refuses a data directory that is in use', async () => {
    const dataDir = temporary()
    const first = await startStack({ template: misbehaving(), environments: 1, dataDir })
    onTestFinished(() => first.stop())
    await expect(startStack({ template: misbehaving(), dataDir })).rejects.toThrow(/in use by process/)
    expect((await fetch(`${first.url}/metadata`)).status).toBe(200)
  })

  test('begins in the directory of one that was killed, though its number is a running process now', async () => {
    const dataDir = temporary()
    for (const card of [JSON.stringify({ pid: process.pid }), '{"pid":']) {
      writeFileSync(join(dataDir, 'stack.json'), card)
      const stack = await startStack({ template: misbehaving(), environments: 1, dataDir })
      await stack.stop()
    }
  })

  test('refuses a data directory that is none, in one line', async () => {
    const dataDir = join(temporary(), 'file')
    writeFileSync(dataDir, '')
    await expect(startStack({ template: misbehaving(), dataDir })).rejects.toThrow(/^No data can be kept in/)
  })

  test('stops and says why when its engines die', async () => {
    const died = Promise.withResolvers<string>()
    const stack = await startStack({ template: misbehaving(), environments: 1, died: died.resolve })
    process.kill(stack.enginePids.dynoxide, 'SIGKILL')
    expect(await died.promise).toMatch(/dynoxide ended/)
    expect(existsSync(stack.dataDir)).toBe(false)
    await until(() => !isRunning(stack.enginePids.host))
    await expect(fetch(stack.url)).rejects.toThrow()
  })

  test('that keeps nothing leaves nothing', async () => {
    const stack = await startStack({ template: misbehaving(), environments: 1 })
    const pids = [...stack.pids(), ...Object.values(stack.enginePids)]
    expect(existsSync(stack.dataDir)).toBe(true)
    await stack.stop()
    expect(existsSync(stack.dataDir)).toBe(false)
    await until(() => pids.every((pid) => !isRunning(pid)))
  })
})

interface Run {
  child: ChildProcess
  output(): string
  ended: Promise<number | null>
}

const run = (env: Record<string, string>, ...args: string[]): Run => {
  const child = spawn(process.execPath, [`${projectRoot}src/local/start.ts`, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const chunks: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => chunks.push(String(chunk)))
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  return { child, output: () => chunks.join(''), ended }
}

const childrenOf = (dataDir: string): number[] => {
  const { environments, engines } = JSON.parse(readFileSync(join(dataDir, 'stack.json'), 'utf8')).processes
  return [...environments, engines.host, engines.dynoxide]
}

describe('npm start', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
    'leaves no process behind after %s',
    async (signal) => {
      const dataDir = temporary()
      const { child, output, ended } = run({ PORT: '0', DATA_DIR: dataDir })
      await until(() => output().includes('is ready'), 20_000)
      const pids = childrenOf(dataDir)
      expect(pids.every(isRunning)).toBe(true)
      child.kill(signal)
      const code = await ended
      if (signal !== 'SIGKILL') expect(code).toBe(0)
      await until(() => !pids.some(isRunning))
    },
  )

  test('leaves no process behind when npm itself was killed', async () => {
    const dataDir = temporary()
    const env = { ...process.env, PORT: '0', DATA_DIR: dataDir }
    const npm = spawn('npm', ['start'], { cwd: projectRoot, env, stdio: 'ignore' })
    onTestFinished(() => void npm.kill('SIGKILL'))
    await until(() => existsSync(join(dataDir, 'stack.json')), 20_000)
    const pids = childrenOf(dataDir)
    npm.kill('SIGKILL')
    await until(() => !pids.some(isRunning))
  })

  test('leaves no process behind when one of its children died before', async () => {
    const dataDir = temporary()
    const { child, output, ended } = run({ PORT: '0', DATA_DIR: dataDir })
    await until(() => output().includes('is ready'), 20_000)
    const pids = childrenOf(dataDir)
    process.kill(pids[0] ?? 0, 'SIGKILL')
    await until(() => !isRunning(pids[0] ?? 0))
    child.kill('SIGINT')
    expect(await ended).toBe(0)
    await until(() => !pids.some(isRunning))
  })

  test('ends with one line when its engines die', async () => {
    const dataDir = temporary()
    const { output, ended } = run({ PORT: '0', DATA_DIR: dataDir })
    await until(() => output().includes('is ready'), 20_000)
    const pids = childrenOf(dataDir)
    process.kill(pids.at(-2) ?? 0, 'SIGKILL')
    expect(await ended).toBe(1)
    expect(output().trim().split('\n').at(-1)).toBe('The stack has stopped: The engines ended.')
    await until(() => !pids.some(isRunning))
  })

  test('says in one line that its port is taken', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const port = (server.address() as AddressInfo).port
    const { output, ended } = run({ PORT: String(port), DATA_DIR: ':memory:' })
    expect(await ended).toBe(1)
    expect(output()).toBe(`Port ${port} is taken: set PORT to another one, or stop what listens there.\n`)
  })

  test('says when it is open', async () => {
    const { output } = run({ PORT: '0', DATA_DIR: ':memory:' }, '--open')
    await until(() => output().includes('is ready'), 20_000)
    expect(output()).toMatch(/OPEN: every request is an administrator's, without a token/)
  })

  test('refuses what it does not know, in one line', () => {
    expect(() => readOptions(['--opne'], {})).toThrow(Refusal)
    expect(() => readOptions([], { PORT: 'abc' })).toThrow(
      'PORT must be a number from 0 to 65535, not `abc`.',
    )
    for (const WORKERS of ['0', '65', '2.5', 'many'])
      expect(() => readOptions([], { WORKERS })).toThrow(
        `WORKERS must be a number from 1 to 64, not \`${WORKERS}\`.`,
      )
  })

  test('runs as many workers as it is told to', () => {
    expect(readOptions([], { WORKERS: '8' }).environments).toBe(8)
    expect(readOptions([], {}).environments).toBeUndefined()
  })

  test('says in one line that the engine of this platform is missing', () => {
    expect(() => findDynoxide('plan9-mips')).toThrow(/^The DynamoDB engine is missing: `npm install/)
  })
})
