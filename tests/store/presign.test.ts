import { createHash, createHmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import { expect, test } from 'vitest'
import { presignedPut } from '../../src/store/jobs/presign.ts'

class Sha256 {
  private readonly hash: { update(data: string | Uint8Array): unknown; digest(): Buffer }
  constructor(secret?: string | Uint8Array) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret)
  }
  update(data: string | Uint8Array): void {
    this.hash.update(data)
  }
  async digest(): Promise<Uint8Array> {
    return this.hash.digest()
  }
  reset(): void {}
}

test('signs as the SDK does, session token and odd characters included', async () => {
  const credentials = { accessKeyId: 'AKIA', secretAccessKey: 'secret', sessionToken: 'a/b+c=' }
  const host = 'uploads.s3.eu-central-1.amazonaws.com'
  const upload = {
    bucket: 'uploads',
    key: 'uploads/main/a (1)',
    bytes: 7,
    contentType: 'a/b; c=d',
    seconds: 60,
  }
  const url = new URL(presignedPut(upload, { region: 'eu-central-1', ...credentials }, 1_790_000_000_000))
  const signer = new SignatureV4({
    service: 's3',
    region: 'eu-central-1',
    credentials,
    sha256: Sha256 as never,
    uriEscapePath: false,
    applyChecksum: false,
  })
  const signed = await signer.presign(
    {
      method: 'PUT',
      protocol: 'https:',
      hostname: host,
      path: url.pathname,
      query: {},
      headers: {
        host,
        'content-length': '7',
        'content-type': 'a/b; c=d',
        'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD',
      },
    } as never,
    {
      expiresIn: 60,
      signingDate: new Date(1_790_000_000_000),
      signableHeaders: new Set(['content-length', 'content-type', 'host']),
    },
  )
  expect(Object.fromEntries(url.searchParams)).toEqual(signed.query)
})
