/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CommonErrors.html */
import type { Service } from './canonical.ts'

/** A refusal with AWS's status, code and message. */
export interface SignatureFault {
  status: number
  code: string
  message: string
}

export type FaultKind =
  | 'unsigned'
  | 'malformed'
  | 'unknown key'
  | 'token'
  | 'skewed'
  | 'expired'
  | 'unsigned headers'
  | 'mismatch'
  | 'payload'
  | 'payload kind'

const mismatch =
  'The request signature we calculated does not match the signature you provided. Check your key and signing method.'

const ofS3: Readonly<Record<FaultKind, SignatureFault>> = {
  unsigned: { status: 403, code: 'AccessDenied', message: 'Access Denied' },
  malformed: {
    status: 400,
    code: 'AuthorizationHeaderMalformed',
    message: 'The authorization header that you provided is not valid.',
  },
  'unknown key': {
    status: 403,
    code: 'InvalidAccessKeyId',
    message: 'The AWS access key ID that you provided does not exist in our records.',
  },
  token: {
    status: 400,
    code: 'InvalidToken',
    message: 'The provided token is malformed or otherwise not valid.',
  },
  skewed: {
    status: 403,
    code: 'RequestTimeTooSkewed',
    message: 'The difference between the request time and the current time is too large.',
  },
  expired: { status: 403, code: 'AccessDenied', message: 'Request has expired' },
  'unsigned headers': {
    status: 403,
    code: 'AccessDenied',
    message: 'There were headers present in the request which were not signed',
  },
  mismatch: { status: 403, code: 'SignatureDoesNotMatch', message: mismatch },
  payload: {
    status: 400,
    code: 'XAmzContentSHA256Mismatch',
    message: "The provided 'x-amz-content-sha256' header does not match what was computed.",
  },
  'payload kind': {
    status: 501,
    code: 'NotImplemented',
    message: 'Bodies that are signed in chunks are not taken on a laptop.',
  },
}

const ofOthers: Readonly<Record<FaultKind, SignatureFault>> = {
  ...ofS3,
  unsigned: {
    status: 400,
    code: 'MissingAuthenticationTokenException',
    message: 'Request is missing Authentication Token',
  },
  malformed: {
    status: 400,
    code: 'IncompleteSignatureException',
    message: 'The request signature does not conform to AWS standards.',
  },
  'unknown key': {
    status: 400,
    code: 'UnrecognizedClientException',
    message: 'The security token included in the request is invalid.',
  },
  token: {
    status: 400,
    code: 'UnrecognizedClientException',
    message: 'The security token included in the request is invalid.',
  },
  skewed: {
    status: 400,
    code: 'InvalidSignatureException',
    message: 'Signature expired: its time is more than five minutes off.',
  },
  'unsigned headers': { status: 400, code: 'InvalidSignatureException', message: mismatch },
  mismatch: { status: 400, code: 'InvalidSignatureException', message: mismatch },
}

export const signatureRefusal = (service: Service, kind: FaultKind): SignatureFault =>
  (service === 's3' ? ofS3 : ofOthers)[kind]
