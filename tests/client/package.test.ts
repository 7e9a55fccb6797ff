import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { readPackage } from '../../client/cli/package.ts'

const folderOf = (files: Record<string, string>): string => {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-package-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'package'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'package', name), text)
  return folder
}

const described = JSON.stringify({ name: 'guide', version: '1.0.0' })
const patient = JSON.stringify({ resourceType: 'Patient', id: 'p' })

test.each(['{"resourceType":"ValueSet", "id":', ''])(
  'a file that is no JSON (`%s`) is named',
  async (text) => {
    const folder = folderOf({ 'package.json': described, 'ValueSet-x.json': text })
    await expect(readPackage(folder)).rejects.toThrow(/ValueSet-x\.json is not JSON/)
    await expect(readPackage(folderOf({ 'package.json': text }))).rejects.toThrow(/package\.json is not JSON/)
  },
)

test('JSON that is no resource is left aside', async () => {
  const others = { 'a.json': 'null', 'b.json': '[1]', 'c.json': '"text"', 'd.json': '7' }
  const found = await readPackage(folderOf({ 'package.json': described, ...others, 'p.json': patient }))
  expect([found.name, found.resources.map(({ id }) => id)]).toEqual(['guide 1.0.0', ['p']])
  expect((await readPackage(folderOf({ 'package.json': 'null', 'p.json': patient }))).resources).toHaveLength(
    1,
  )
})

test.each([
  ['no archive', Buffer.from('text')],
  ['half an archive', gzipSync(Buffer.alloc(20_000, 'x')).subarray(0, 40)],
])('%s is refused with its path', async (_, bytes) => {
  const path = join(folderOf({}), 'x.tgz')
  writeFileSync(path, bytes)
  await expect(readPackage(path)).rejects.toThrow(`\`${path}\` could not be read as a package`)
})
