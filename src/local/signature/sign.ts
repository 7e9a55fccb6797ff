import { randomBytes } from 'node:crypto'
import {
  algorithm,
  type Credentials,
  type Message,
  type Service,
  scopeText,
  sha256,
  signatureOf,
  stampOf,
} from './canonical.ts'

/** Returns a key that nobody else has. */
export const newCredentials = (): Credentials => ({
  accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
  secretAccessKey: randomBytes(30).toString('base64'),
  sessionToken: randomBytes(30).toString('base64'),
})

/** Returns the headers of a request with those added that sign it. */
export const signedHeaders = (
  { method, path, headers }: Message,
  body: string | Uint8Array,
  { service, region }: { service: Service; region: string },
  { accessKeyId, secretAccessKey, sessionToken }: Credentials,
  now = Date.now(),
): Record<string, string> => {
  const stamp = stampOf(now)
  const scope = { date: stamp.slice(0, 8), region, service }
  const payloadHash = sha256(body)
  const sent: Record<string, string> = {
    ...(headers as Record<string, string>),
    'x-amz-date': stamp,
    ...(service === 's3' && { 'x-amz-content-sha256': payloadHash }),
    ...(sessionToken && { 'x-amz-security-token': sessionToken }),
  }
  const names = Object.keys(sent).toSorted()
  const signature = signatureOf(
    { method, path, headers: sent },
    { scope, stamp, names, payloadHash },
    secretAccessKey,
  )
  const authorization = `${algorithm} Credential=${accessKeyId}/${scopeText(scope)}, SignedHeaders=${names.join(';')}, Signature=${signature}`
  return { ...sent, authorization }
}
