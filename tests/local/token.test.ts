import { createSign, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { cognitoAuthorizer } from '../../src/local/gateway/token.ts'

const issuer = 'http://localhost:3000/local_pool'
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
const jwk = {
  ...pair.publicKey.export({ format: 'jwk' }),
  kid: 'key',
  alg: 'RS256',
  use: 'sig',
  kty: 'RSA' as const,
}
const authorize = cognitoAuthorizer(issuer, { keys: [jwk] })

const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const now = Math.floor(Date.now() / 1000)
const claims = {
  iss: issuer,
  token_use: 'id',
  sub: 'me',
  iat: now,
  exp: now + 600,
  'cognito:groups': ['a', 'b'],
}

const token = (payload: object, key: KeyObject = pair.privateKey): string => {
  const text = `${base64({ alg: 'RS256', kid: 'key' })}.${base64(payload)}`
  return `${text}.${createSign('RSA-SHA256').update(text).sign(key, 'base64url')}`
}

describe('the authorizer', () => {
  test('lets an ID token in, with or without Bearer, and hands its claims on as text', async () => {
    const expected = {
      claims: expect.objectContaining({ sub: 'me', 'cognito:groups': 'a,b', token_use: 'id' }),
    }
    expect(await authorize(`Bearer ${token(claims)}`)).toEqual(expected)
    expect(await authorize(token(claims))).toEqual(expected)
  })

  test('refuses an expired token, and says so', async () => {
    expect(await authorize(token({ ...claims, exp: now - 60 }))).toEqual({
      refused: 'The incoming token has expired',
    })
  })

  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const [head, , signature] = token(claims).split('.')
  test.each([
    ['no token', undefined],
    ['an empty one', 'Bearer '],
    ['what is no token', 'Bearer abc'],
    ['a token of another issuer', token({ ...claims, iss: `${issuer}2` })],
    ['an access token', token({ ...claims, token_use: 'access' })],
    ['a token signed by somebody else', token(claims, other)],
    ['a token whose claims were changed', `${head}.${base64({ ...claims, sub: 'you' })}.${signature}`],
    ['a token without a signature', `${base64({ alg: 'none', kid: 'key' })}.${base64(claims)}.`],
  ])('refuses %s', async (_, authorization) => {
    expect(await authorize(authorization)).toEqual({ refused: 'Unauthorized' })
  })
})
