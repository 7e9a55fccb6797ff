import { describe, expect, test } from 'vitest'
import { type Plain, resolveReferences } from '../../src/local/template/cloudformation.ts'
import { environmentOf, readTemplate } from '../../src/local/template/template.ts'

const template = readTemplate()

describe('read from the template', () => {
  test('the tables are CreateTable requests with their indexes, stream and TTL', () => {
    expect(template.tables.map((table) => [table.name, table.ttlAttribute])).toEqual([
      ['resources-table', undefined],
      ['search-table', undefined],
      ['system-table', 'ttl'],
    ])
    expect(template.tables[0]?.create).toMatchObject({
      TableName: 'resources-table',
      BillingMode: 'PAY_PER_REQUEST',
      GlobalSecondaryIndexes: [{ IndexName: 'by-type' }, { IndexName: 'by-time' }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    })
  })

  test('a function sees the names of the laptop', () => {
    const [fn] = template.functions
    if (!fn) throw new Error('The template has no function.')
    expect(environmentOf(template, fn, { UserPool: 'local_1', UserPoolClient: 'client' })).toMatchObject({
      RESOURCES_TABLE: 'resources-table',
      ARCHIVE_BUCKET: 'archive-bucket',
      USER_POOL_CLIENT_ID: 'client',
      TOKEN_ISSUER: 'https://cognito-idp.local.amazonaws.com/local_1',
    })
  })

  test('a parameter is what a variable of its name says, of the values that it may have', () => {
    const seen = (given: Record<string, string>) => {
      const read = readTemplate(undefined, given)
      return environmentOf(read, read.functions[0] as (typeof read.functions)[0], {})
    }
    expect(seen({})).toMatchObject({ PROFILE_VALIDATION: 'off', REFERENCE_CHECKS: 'types' })
    expect(seen({ PROFILE_VALIDATION: 'reject' })).toMatchObject({ PROFILE_VALIDATION: 'reject' })
    expect(() => seen({ PROFILE_VALIDATION: 'perhaps' })).toThrow(
      'PROFILE_VALIDATION takes off, warn, reject',
    )
    const two = 'Patient=http://example.org/a Observation=http://example.org/b'
    expect(seen({ REQUIRED_PROFILES: two })).toMatchObject({ REQUIRED_PROFILES: two })
    expect(() => seen({ REQUIRED_PROFILES: 'Patient' })).toThrow('REQUIRED_PROFILES does not take `Patient`')
  })

  test('the groups, the pool and the stream are there', () => {
    expect(template.groups.map((group) => group.GroupName)).toEqual([
      'admin',
      'clinician',
      'loader',
      'viewer',
    ])
    expect(template.functions.find((fn) => fn.stream)?.stream).toMatchObject({ table: 'resources-table' })
  })
})

describe('references', () => {
  const scope = {
    ref: (name: string) => (name === 'AWS::NoValue' ? undefined : `<${name}>`),
    attribute: (name: string) => `[${name}]`,
    condition: (name: string) => name === 'Yes',
  }

  test.each<[Plain, Plain]>([
    [{ Ref: 'A' }, '<A>'],
    [{ 'Fn::GetAtt': ['A', 'Arn'] }, '[A.Arn]'],
    // biome-ignore-start lint/suspicious/noTemplateCurlyInString: the braces are CloudFormation's
    [{ 'Fn::Sub': 'a-${B}-${C.D}' }, 'a-<B>-[C.D]'],
    [{ 'Fn::Sub': ['${Own}-${B}', { Own: { Ref: 'A' } }] }, '<A>-<B>'],
    [{ 'Fn::Sub': '${!Literal}' }, '${Literal}'],
    // biome-ignore-end lint/suspicious/noTemplateCurlyInString: the braces are CloudFormation's
    [{ 'Fn::If': ['Yes', 1, 2] }, 1],
    [{ 'Fn::If': ['No', 1, { Ref: 'A' }] }, '<A>'],
    [['a', { Ref: 'AWS::NoValue' }], ['a']],
    [{ a: { Ref: 'AWS::NoValue' }, b: { Ref: 'B' } }, { b: '<B>' }],
    [{ 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'A' }, '<A>'] }] }, false],
    [{ 'Fn::Select': [1, { 'Fn::Split': ['/', 'a/b/c'] }] }, 'b'],
    [{ 'Fn::Join': ['-', ['a', { Ref: 'B' }]] }, 'a-<B>'],
  ])('%j', (value, expected) => {
    expect(resolveReferences(value, scope)).toEqual(expected)
  })

  test('of an unknown kind are refused', () => {
    expect(() => resolveReferences({ 'Fn::Base64': 'a' }, scope)).toThrow('Fn::Base64')
  })
})
