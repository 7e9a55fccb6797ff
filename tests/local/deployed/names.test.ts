import { describe, expect, test } from 'vitest'
import { templateResources } from '../../../src/local/deployed/resources.ts'
import { type Pseudo, templateParameters, templateScope } from '../../../src/local/deployed/scope.ts'
import { readTransformed } from '../../../src/local/deployed/transformed.ts'
import { type PlainRecord, recordOrEmpty } from '../../../src/local/template/cloudformation.ts'

const source = readTransformed()
const parameters = templateParameters(source, {})

const stackAt = (name: string, region: string, id: string): Pseudo => ({
  'AWS::Region': region,
  'AWS::AccountId': '123456789012',
  'AWS::StackName': name,
  'AWS::StackId': `arn:aws:cloudformation:${region}:123456789012:stack/${name}/${id}`,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
})

const ids = ['0a6aa0c0-1b1e-11f0-8f1c-0affc4b2a3d1', '5d3f2b90-1b1f-11f0-9a55-0e8f6a1c2b3d'] as const
const long = `Pilotlight-Production-Of-The-Hospital-${'X'.repeat(90)}`

/** The names that the template gives itself, by property; what has none is named by CloudFormation. */
const rules: Readonly<
  Record<string, { name: string; pattern: RegExp; within: 'account' | 'region' | 'stack' }>
> = {
  'AWS::Cognito::UserPoolDomain': {
    name: 'Domain',
    pattern: /^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/,
    within: 'region',
  },
  'AWS::CloudFront::Function': { name: 'Name', pattern: /^[\w-]{1,64}$/, within: 'account' },
  'AWS::CloudFront::OriginAccessControl': {
    name: 'OriginAccessControlConfig.Name',
    pattern: /^.{1,64}$/,
    within: 'account',
  },
  'AWS::CloudFront::ResponseHeadersPolicy': {
    name: 'ResponseHeadersPolicyConfig.Name',
    pattern: /^[\w-]{1,128}$/,
    within: 'account',
  },
  'AWS::ApiGateway::RestApi': { name: 'Name', pattern: /^.{1,1024}$/, within: 'stack' },
  'AWS::ApiGateway::Stage': { name: 'StageName', pattern: /^\w{1,128}$/, within: 'stack' },
  'AWS::Cognito::UserPoolClient': { name: 'ClientName', pattern: /^[\w\s+=,.@-]{1,128}$/, within: 'stack' },
  'AWS::Cognito::UserPoolGroup': { name: 'GroupName', pattern: /^.{1,128}$/, within: 'stack' },
}

const own = /^(Name|.*Name|Domain)$/

const at = (value: PlainRecord, path: string): string => {
  const [first = '', ...rest] = path.split('.')
  return rest.length === 0 ? String(value[first]) : at(recordOrEmpty(value[first]), rest.join('.'))
}

const namesIn = (pseudo: Pseudo) => {
  const resources = templateResources(source, templateScope(source, parameters, {}, pseudo))
  return Object.entries(rules).flatMap(([type, rule]) =>
    resources.ofType(type).map(({ properties }) => ({ type, ...rule, value: at(properties, rule.name) })),
  )
}

const shared = (one: Pseudo, other: Pseudo, within: readonly string[]): string[] => {
  const taken = new Set(namesIn(one).map(({ type, value }) => `${type} ${value}`))
  return namesIn(other)
    .filter((each) => within.includes(each.within) && taken.has(`${each.type} ${each.value}`))
    .map(({ type }) => type)
}

describe('names of a stack', () => {
  test.each([
    ['pilotlight', 'eu-central-1'],
    ['Pilotlight-TEST', 'us-east-1'],
    [long, 'ap-southeast-2'],
  ])('named %s are such as AWS takes', (name, region) => {
    expect(long.length).toBe(128)
    const names = namesIn(stackAt(name, region, ids[0]))
    expect(names.length).toBeGreaterThanOrEqual(Object.keys(rules).length)
    expect(names.filter(({ value, pattern }) => !pattern.test(value))).toEqual([])
  })

  test('of two stages in one account and region differ', () => {
    const [one, other] = [stackAt('app-test', 'eu-central-1', ids[0]), stackAt('app', 'eu-central-1', ids[1])]
    expect(shared(one, one, ['account', 'region']).length).toBe(4)
    expect(shared(one, other, ['account', 'region'])).toEqual([])
  })

  test('of one stack name in two regions differ where they count for the account', () => {
    const [one, other] = [stackAt('app', 'eu-central-1', ids[0]), stackAt('app', 'us-east-1', ids[1])]
    expect(shared(one, other, ['account'])).toEqual([])
  })

  test('are given to nothing but what needs one: CloudFormation names the rest', () => {
    const resources = Object.values(recordOrEmpty(source.Resources)).map(recordOrEmpty)
    const named = resources.filter(({ Type, Properties }) => {
      const properties = Object.keys(recordOrEmpty(Properties)).filter((property) => own.test(property))
      return properties.some((property) => !references.has(`${Type}.${property}`)) && !(String(Type) in rules)
    })
    expect(named.map(({ Type }) => Type)).toEqual([])
  })

  test('of a sign-in host are as long as Cognito takes with the longest prefix, and none that it refuses', () => {
    const prefix = 'a'.repeat(25)
    expect(templateParameters(source, { DOMAIN_PREFIX: prefix })).toMatchObject({ DomainPrefix: prefix })
    expect(`${prefix}-${ids[0]}`.length).toBeLessThanOrEqual(63)
    for (const refused of ['a'.repeat(26), 'my-cognito', 'aws1', 'amazonas', 'Upper', '-a'])
      expect(() => templateParameters(source, { DOMAIN_PREFIX: refused }), refused).toThrow('DOMAIN_PREFIX')
  })
})

/** Properties that name another resource, or something that is not shared. */
const references = new Set([
  'AWS::Lambda::Permission.FunctionName',
  'AWS::Lambda::EventSourceMapping.FunctionName',
  'AWS::Logs::MetricFilter.LogGroupName',
  'AWS::CloudWatch::Alarm.MetricName',
])
