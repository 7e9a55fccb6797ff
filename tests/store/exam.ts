import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe } from 'vitest'
import type { Engines } from './engines.ts'
import { examineCare } from './exam/care.ts'
import { examineCommits } from './exam/commits.ts'
import { examineHistory } from './exam/history.ts'
import { examineHolds } from './exam/holds.ts'
import { examineLists } from './exam/lists.ts'
import { examinePurge } from './exam/purge.ts'
import { examineReading } from './exam/reading.ts'
import { examineRecords } from './exam/records.ts'
import { examineStaging } from './exam/staging.ts'

/** What one part of the exam works with: the engines under test, and a tenant nobody has used. */
export interface Examinee {
  engines(): Engines
  tenant(): string
}

/** The exam that any engine must pass. */
export const examine = (name: string, start: () => Promise<Engines>): void => {
  describe(name, () => {
    let engines: Engines
    beforeAll(async () => {
      engines = await start()
    })
    afterAll(() => engines?.stop())

    const examinee: Examinee = {
      engines: () => engines,
      tenant: () => `t${randomBytes(6).toString('hex')}`,
    }
    describe('reading', () => examineReading(examinee))
    describe('lists', () => examineLists(examinee))
    describe('history', () => examineHistory(examinee))
    describe('commits', () => examineCommits(examinee))
    describe('staged commits', () => examineStaging(examinee))
    describe('transactions and their records', () => examineRecords(examinee))
    describe('commits with care', () => examineCare(examinee))
    describe('purging', () => examinePurge(examinee))
    describe('holds', () => examineHolds(examinee))
  })
}
