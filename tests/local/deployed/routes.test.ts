import { describe, expect, test } from 'vitest'
import { readTransformed } from '../../../src/local/deployed/transformed.ts'
import { startStack } from '../../../src/local/stack.ts'
import { type PlainRecord, recordOrEmpty } from '../../../src/local/template/cloudformation.ts'
import { readTemplate } from '../../../src/local/template/template.ts'

const integrationName = 'x-amazon-apigateway-integration'
const any = 'x-amazon-apigateway-any-method'

/** The transformed template with another integration of `/Patient`. */
const withIntegration = (change: (integration: PlainRecord) => PlainRecord): PlainRecord => {
  const source = structuredClone(readTransformed())
  const { paths } = recordOrEmpty(
    recordOrEmpty(recordOrEmpty(recordOrEmpty(source.Resources).Api).Properties).Body,
  )
  const operation = recordOrEmpty(recordOrEmpty(recordOrEmpty(paths)['/Patient'])[any])
  Object.assign(operation, { [integrationName]: change(recordOrEmpty(operation[integrationName])) })
  return source
}

const uriOf = (version: string, invocation: string): PlainRecord => ({
  'Fn::Sub': `arn:aws:apigateway:\${AWS::Region}:lambda:path/${version}/functions/\${PatientFunction.Arn}/${invocation}`,
})

/** The transformer's answer to `ResponseTransferMode: STREAM`, a word that it does not know. */
const buffered = withIntegration(({ responseTransferMode: _, ...rest }) => ({
  ...rest,
  uri: uriOf('2015-03-31', 'invocations'),
}))

describe('routes of the transformed template', () => {
  test('stream where the integration does', () => {
    const streaming = (source?: PlainRecord) => readTemplate(source).routes.filter((route) => route.streams)
    expect(streaming().length).toBe(6)
    expect(streaming(buffered).length).toBe(5)
  })

  test('may take the time that their integration states', () => {
    const source = withIntegration((integration) => ({ ...integration, timeoutInMillis: 5_000 }))
    const times = (of?: PlainRecord) =>
      readTemplate(of).routes.flatMap(({ path, timeoutMilliseconds }) =>
        timeoutMilliseconds === undefined ? [] : [[path, timeoutMilliseconds]],
      )
    expect(times()).toEqual([])
    expect(times(source)).toEqual([['/Patient', 5_000]])
  })

  test.each<[string, PlainRecord]>([
    ['streams by the URI of a whole answer', { uri: uriOf('2015-03-31', 'invocations') }],
    ['answers whole by the URI of a stream', { responseTransferMode: 'BUFFERED' }],
    ['has a mode that API Gateway does not know', { responseTransferMode: 'RESPONSE_STREAM' }],
    ['streams by the old version', { uri: uriOf('2015-03-31', 'response-streaming-invocations') }],
    ['is not a Lambda proxy', { type: 'http_proxy' }],
  ])('are refused where an integration %s', (_, change) => {
    const source = withIntegration((integration) => ({ ...integration, ...change }))
    expect(() => readTemplate(source)).toThrow('The integration of /Patient')
  })

  test('are refused where API Gateway may not invoke the function', () => {
    const source = structuredClone(readTransformed())
    const resources = source.Resources as Record<string, PlainRecord>
    const permissions = Object.keys(resources).filter(
      (id) => id.startsWith('PatientFunction') && id.includes('Permission'),
    )
    expect(permissions.length).toBe(2)
    for (const id of permissions) delete resources[id]
    expect(() => readTemplate(source)).toThrow('no permission to invoke PatientFunction')
  })

  test('answer 502 where the function streams and the integration does not', async () => {
    const stack = await startStack({ template: readTemplate(buffered), open: true, environments: 1 })
    try {
      const [patient, observation] = await Promise.all(
        ['Patient', 'Observation'].map((type) => fetch(`${stack.url}/${type}`)),
      )
      expect([patient?.status, observation?.status]).toEqual([502, 200])
    } finally {
      await stack.stop()
    }
  })
})
