/** The values that references of a template have: on the laptop, or in any stack whose names are given. */

import { Refusal } from '../engines/engines.ts'
import {
  type Plain,
  type PlainRecord,
  plainList,
  type ReferenceScope,
  recordOrEmpty,
  resolveReferences,
} from '../template/cloudformation.ts'

/** The region and account that everything on the laptop claims to be in. */
export const localRegion = 'local'
export const localAccount = '000000000000'

/** A stack's place and name, by CloudFormation's pseudo parameters. */
export type Pseudo = Readonly<Record<`AWS::${string}`, string>>

export const localPseudo: Pseudo = {
  'AWS::Region': localRegion,
  'AWS::AccountId': localAccount,
  'AWS::StackName': 'pilotlight',
  'AWS::StackId': `arn:aws:cloudformation:${localRegion}:${localAccount}:stack/pilotlight/00000000-0000-0000-0000-000000000000`,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
}

/** Values for parameters by environment variables: `PROFILE_VALIDATION` is `ProfileValidation`. */
export type ParameterVariables = Readonly<Record<string, string | undefined>>

/** Returns the name that a resource without a name of its own gets on the laptop: `ResourcesTable` is `resources-table`. */
export const localName = (id: string): string => id.replaceAll(/(?<!^)([A-Z])/g, '-$1').toLowerCase()

/** Returns the parameters' values; refuses a value that the template does not allow. */
export const templateParameters = (source: PlainRecord, given: ParameterVariables): PlainRecord =>
  Object.fromEntries(
    Object.entries(recordOrEmpty(source.Parameters)).map(([name, value]) => {
      const { Type, Default, ...rules } = recordOrEmpty(value)
      const text = givenValue(variableOf(name), rules, given) ?? Default ?? ''
      return [name, Type === 'CommaDelimitedList' ? String(text).split(',') : text]
    }),
  )

const variableOf = (parameter: string): string => localName(parameter).replaceAll('-', '_').toUpperCase()

const givenValue = (variable: string, rules: PlainRecord, given: ParameterVariables): string | undefined => {
  const text = given[variable] || undefined
  if (text === undefined) return undefined
  const allowed = plainList(rules.AllowedValues)
  if (allowed.length > 0 && !allowed.map(String).includes(text))
    throw new Refusal(`${variable} takes ${allowed.join(', ')}, not \`${text}\`.`)
  if (rules.AllowedPattern !== undefined && !new RegExp(`^(?:${rules.AllowedPattern})$`).test(text))
    throw new Refusal(`${variable} does not take \`${text}\`. ${rules.Description ?? ''}`.trim())
  return text
}

/** The names that resources get only at run time, such as a user pool's id. */
export type ResourceNames = Readonly<Record<string, string>>

/** Returns the scope of a template's references; a reference to anything that the template does not declare fails. */
export const templateScope = (
  source: PlainRecord,
  parameters: PlainRecord,
  names: ResourceNames = {},
  pseudo: Pseudo = localPseudo,
): ReferenceScope => {
  const resources = recordOrEmpty(source.Resources)
  const nameOf = (id: string): string => {
    const { Type, Properties } = recordOrEmpty(resources[id])
    const property = recordOrEmpty(Properties)[nameProperties[String(Type)] ?? '']
    return (
      names[id] ??
      (property === undefined ? unnamed(String(Type), id) : String(resolveReferences(property, scope)))
    )
  }
  const scope: ReferenceScope = {
    ref: (name) => {
      if (name === 'AWS::NoValue') return undefined
      const value = pseudo[name as keyof Pseudo] ?? parameters[name]
      if (value !== undefined) return value
      if (!(name in resources)) throw new Error(`The template refers to ${name}, which it does not declare.`)
      return nameOf(name)
    },
    attribute: (path) => {
      const [id = '', ...rest] = path.split('.')
      if (!(id in resources)) throw new Error(`The template refers to ${path}, which it does not declare.`)
      const type = String(recordOrEmpty(resources[id]).Type)
      return resourceAttributes(type, nameOf(id), pseudo)[rest.join('.')] ?? `${type}/${path}`
    },
    condition: (name) => resolveReferences(recordOrEmpty(source.Conditions)[name] ?? false, scope) === true,
  }
  return scope
}

/** Functions and roles are known by their ids. */
const unnamed = (type: string, id: string): string => (/^AWS::(Lambda|IAM)::/.test(type) ? id : localName(id))

/** The properties that name a resource, by type. */
const nameProperties: Readonly<Record<string, string>> = {
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::S3::Bucket': 'BucketName',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::Cognito::UserPoolDomain': 'Domain',
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html */
const resourceAttributes = (type: string, name: string, pseudo: Pseudo): Readonly<Record<string, Plain>> => {
  const { 'AWS::Region': region, 'AWS::AccountId': account, 'AWS::Partition': partition } = pseudo
  const arn = (service: string, resource: string): string =>
    `arn:${partition}:${service}:${region}:${account}:${resource}`
  switch (type) {
    case 'AWS::DynamoDB::Table':
      return {
        Arn: arn('dynamodb', `table/${name}`),
        StreamArn: arn('dynamodb', `table/${name}/stream/latest`),
      }
    case 'AWS::S3::Bucket':
      return { Arn: `arn:${partition}:s3:::${name}` }
    case 'AWS::SQS::Queue':
      return { Arn: arn('sqs', name), QueueName: name }
    case 'AWS::Logs::LogGroup':
      return { Arn: arn('logs', `log-group:${name}`) }
    case 'AWS::Lambda::Function':
      return { Arn: arn('lambda', `function:${name}`) }
    case 'AWS::IAM::Role':
      return { Arn: `arn:${partition}:iam::${account}:role/${name}` }
    case 'AWS::Cognito::UserPool':
      return { Arn: arn('cognito-idp', `userpool/${name}`) }
    default:
      return {}
  }
}
