import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { createLedger } from '../../../../src/local/strict/rights/ledger.ts'
import type { PolicyPrincipal } from '../../../../src/local/strict/rights/policy.ts'
import { rightsReport } from '../../../../src/local/strict/rights/report.ts'

const table = 'arn:aws:dynamodb:local:000000000000:table/t'
const principal: PolicyPrincipal = {
  name: 'Reader',
  statements: [
    {
      effect: 'Allow',
      actions: ['dynamodb:GetItem', 'dynamodb:Query'],
      resources: [table, `${table}/index/i`],
    },
  ],
}

test('the report over several ledgers names what was denied and what was never used', () => {
  const path = `${mkdtempSync(`${tmpdir()}/rights-`)}/log`
  for (const action of ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem']) {
    const ledger = createLedger()
    ledger.judge(principal, [{ action, resource: table }])
    ledger.append(path)
  }
  expect(rightsReport([principal], readFileSync(path, 'utf8'))).toEqual({
    denied: [`Reader dynamodb:PutItem ${table}`],
    unused: [`Reader dynamodb:GetItem ${table}/index/i`, `Reader dynamodb:Query ${table}/index/i`],
  })
})

test('nothing is unused or denied where everything was used', () => {
  const path = `${mkdtempSync(`${tmpdir()}/rights-`)}/log`
  const ledger = createLedger()
  for (const resource of [table, `${table}/index/i`])
    for (const action of ['dynamodb:GetItem', 'dynamodb:Query'])
      ledger.judge(principal, [{ action, resource }])
  ledger.append(path)
  expect(rightsReport([principal], readFileSync(path, 'utf8'))).toEqual({ denied: [], unused: [] })
})
