import { expect, test } from 'vitest'
import { accessIssues } from '../../src/auth/authorise.ts'
import { decide } from '../../src/auth/decide.ts'
import { principalOf } from '../../src/auth/principal.ts'
import { actions } from '../../src/auth/rules/groups.ts'

const member = (...groups: string[]) => ({ id: '1', name: 'ann', groups })

test.each([
  ['admin', [...actions]],
  ['clinician', actions.filter((action) => action !== 'administer')],
  ['loader', ['read', 'create', 'update', 'bundle']],
  ['viewer', ['read', 'search', 'history']],
  ['visitor', []],
  ['constructor', []],
])('permits %s only what its row says', (group, permitted) => {
  expect(actions.filter((action) => decide(member(group), action, 'Patient').permit)).toEqual(permitted)
})

test('forbids everything to who is in no group, and says why', () => {
  expect(decide(member(), 'read', 'Patient').because).toContain('no group')
})

test('says in words what is forbidden', () => {
  expect(decide(member('viewer'), 'delete', 'Patient').because).toContain('may not delete `Patient`:')
  expect(decide(member('loader'), 'search', '').because).toContain('may not search every type:')
  expect(decide(member('loader'), 'history', 'Patient').because).toContain(
    'may not read the history of `Patient`:',
  )
  expect(decide(member('viewer'), 'bundle', '').because).toContain('may not post bundles of every type:')
})

test('permits what any of several groups permits', () => {
  expect(decide(member('viewer', 'loader'), 'create', 'Patient').permit).toBe(true)
})

test('asks who is not logged in to do so', () => {
  expect(() => accessIssues(undefined, 'read', 'Patient')).toThrow('token')
})

test.each([
  ['admin,loader', ['admin', 'loader']],
  ['[admin loader]', ['admin', 'loader']],
  ['admin', ['admin']],
  ['', []],
  [['admin'], ['admin']],
  [undefined, []],
])('reads the groups %j of a token', (claim, groups) => {
  expect(principalOf({ sub: 'x', 'cognito:groups': claim })?.groups).toEqual(groups)
})

test('finds nobody in claims without a subject', () => {
  expect(principalOf({ 'cognito:groups': 'admin' })).toBeUndefined()
  expect(principalOf(undefined)).toBeUndefined()
})
