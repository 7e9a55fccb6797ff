import { randomBytes } from 'node:crypto'
import {
  type AccessKey,
  algorithm,
  type Service,
  type SignedMessage,
  scopeText,
  sha256,
  signatureOf,
  signatureStamp,
} from './canonical.ts'

/** Returns a new random key. */
export const newCredentials = (): AccessKey => ({
  accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
  secretAccessKey: randomBytes(30).toString('base64'),
  sessionToken: randomBytes(30).toString('base64'),
})

/** Returns the headers of a request, including those of its signature. */
export const signedHeaders = (
  { method, path, headers }: SignedMessage,
  body: string | Uint8Array,
  { service, region }: { service: Service; region: string },
  { accessKeyId, secretAccessKey, sessionToken }: AccessKey,
  now = Date.now(),
): Record<string, string> => {
  const stamp = signatureStamp(now)
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
