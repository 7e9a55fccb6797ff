import { describe, expect, test } from 'vitest'
import { proxyEvent, wireResponse } from '../../src/local/gateway/event.ts'
import { matchRoute } from '../../src/local/gateway/routing.ts'
import { readTemplate } from '../../src/local/template/template.ts'

const template = readTemplate()

const event = (target: string, headers: string[] = [], body = Buffer.alloc(0)) => {
  const match = matchRoute(template.routes, 'POST', new URL(target, 'http://x').pathname)
  if (!match) throw new Error(`No route for ${target}.`)
  const request = { method: 'POST', target, rawHeaders: headers, body, sourceIp: '127.0.0.1', port: 3000 }
  return proxyEvent(
    request,
    { stage: 'fhir', binaryTypes: template.binaryTypes, match, claims: { sub: 'me' } },
    new Date('2026-03-01T09:05:07Z'),
  )
}

describe('a proxy event', () => {
  test('keeps every value of repeated parameters and headers, and the last one on its own', () => {
    const { queryStringParameters, multiValueQueryStringParameters, headers, multiValueHeaders } = event(
      '/Patient?date=ge2020&date=le2021&name=a%2Cb',
      ['X-Some', 'one', 'X-Some', 'two'],
    )
    expect(queryStringParameters).toEqual({ date: 'le2021', name: 'a,b' })
    expect(multiValueQueryStringParameters).toEqual({ date: ['ge2020', 'le2021'], name: ['a,b'] })
    expect(headers['X-Some']).toBe('two')
    expect(multiValueHeaders['X-Some']).toEqual(['one', 'two'])
  })

  test('takes any name for a parameter', () => {
    const { multiValueQueryStringParameters } = event('/Patient?constructor=1&__proto__=2&toString=3')
    expect(Object.entries(multiValueQueryStringParameters ?? {})).toEqual([
      ['constructor', ['1']],
      ['__proto__', ['2']],
      ['toString', ['3']],
    ])
  })

  test('has null where there is nothing', () => {
    const { body, queryStringParameters, multiValueQueryStringParameters, pathParameters, isBase64Encoded } =
      event('/Patient')
    expect({
      body,
      queryStringParameters,
      multiValueQueryStringParameters,
      pathParameters,
      isBase64Encoded,
    }).toEqual({
      body: null,
      queryStringParameters: null,
      multiValueQueryStringParameters: null,
      pathParameters: null,
      isBase64Encoded: false,
    })
  })

  test('tells the path with and without the stage, the claims and the time', () => {
    const { path, resource, requestContext } = event('/Patient/1')
    expect({ path, resource }).toEqual({ path: '/Patient/1', resource: '/Patient/{proxy+}' })
    expect(requestContext).toMatchObject({
      path: '/fhir/Patient/1',
      resourcePath: '/Patient/{proxy+}',
      stage: 'fhir',
      authorizer: { claims: { sub: 'me' } },
      requestTime: '01/Mar/2026:09:05:07 +0000',
    })
  })

  test('carries text as text and the binary media types in base64', () => {
    const json = event('/Patient', ['Content-Type', 'application/fhir+json'], Buffer.from('{"a":"ż"}'))
    expect(json).toMatchObject({ body: '{"a":"ż"}', isBase64Encoded: false })
    const png = event('/Binary', ['content-type', 'image/png'], Buffer.from([0, 255]))
    expect(png).toMatchObject({ body: 'AP8=', isBase64Encoded: true })
  })
})

describe('a result', () => {
  test('is decoded from base64 only when the first accepted type is binary', () => {
    const result = { statusCode: 200, headers: {}, body: 'AP8=', isBase64Encoded: true }
    expect(wireResponse(result, template.binaryTypes, 'image/png, */*')?.body).toEqual(Buffer.from([0, 255]))
    expect(wireResponse(result, template.binaryTypes, '*/*')?.body).toBe('AP8=')
  })

  test('of the wrong form is none', () => {
    expect(wireResponse({ body: 'x' }, [], undefined)).toBeUndefined()
    expect(wireResponse('text', [], undefined)).toBeUndefined()
    expect(wireResponse({ statusCode: 200, body: {} }, [], undefined)).toBeUndefined()
  })
})
