import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** The end of a request: an answer, or a connection that is cut at once or after a while. */
export type Reply =
  | { kind: 'answer'; status: number; headers: IncomingHttpHeaders; body: Buffer }
  | { kind: 'cut'; afterMilliseconds: number }

export const cutReply = (afterMilliseconds = 0): Reply => ({ kind: 'cut', afterMilliseconds })

/** Returns an answer of DynamoDB. */
export const jsonReply = (status: number, json: object): Reply => ({
  kind: 'answer',
  status,
  headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': randomUUID() },
  body: Buffer.from(JSON.stringify(json)),
})

const escapedXml = (text: string): string => text.replace(/[<>&]/g, (sign) => `&#${sign.charCodeAt(0)};`)

/** Returns an error of S3: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
export const xmlReply = (
  status: number,
  code: string,
  message: string,
  more: Record<string, string> = {},
): Reply => {
  const parts = Object.entries({ Code: code, Message: message, ...more, RequestId: randomUUID() })
  const inner = parts.map(([name, text]) => `<${name}>${escapedXml(text)}</${name}>`).join('')
  return {
    kind: 'answer',
    status,
    headers: { 'content-type': 'application/xml' },
    body: Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n<Error>${inner}</Error>`),
  }
}

/** Ends a request by a reply; a client that is gone is ignored. */
export const sendReply = async (
  message: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
): Promise<void> => {
  if (reply.kind === 'cut') {
    if (reply.afterMilliseconds > 0) await sleep(reply.afterMilliseconds, undefined, { ref: false })
    message.socket.destroy()
    return
  }
  const bodiless = message.method === 'HEAD' || reply.status === 204 || reply.status === 304
  const length = bodiless ? {} : { 'content-length': reply.body.length }
  response.writeHead(reply.status, { ...reply.headers, ...length })
  response.end(bodiless ? undefined : reply.body)
}
