import { type Stack, startStack } from '../src/local/stack.ts'
import {
  type LambdaFunction,
  type Route,
  readTemplate,
  type Template,
} from '../src/local/template/template.ts'
import { floorBundle, floorNames } from './floor/build.ts'

const functionId = (name: string): string => `Floor-${name}`

/** A bare handler sees the same variables as the server's own functions. */
const floorFunction = (model: LambdaFunction, name: string): LambdaFunction => ({
  id: functionId(name),
  entryPoint: `bench/floor/${name}.ts`,
  bundle: floorBundle(name),
  exportName: 'handler',
  timeoutSeconds: model.timeoutSeconds,
  memory: model.memory,
  environment: model.environment,
  statements: model.statements,
  managedPolicies: model.managedPolicies,
})

const floorRoute = (name: string): Route => ({
  path: `/Floor/${name}/{proxy+}`,
  method: 'ANY',
  function: functionId(name),
  authorizer: 'cognito',
})

/** Returns the project's template with the bare handlers beside its functions. */
export const benchTemplate = (): Template => {
  const template = readTemplate()
  const model = template.functions.find(({ stream }) => !stream) as LambdaFunction
  return {
    ...template,
    functions: [...template.functions, ...floorNames.map((name) => floorFunction(model, name))],
    routes: [...template.routes, ...floorNames.map(floorRoute)],
  }
}

/** Starts the stack in memory, without tokens, and stops it when the work is done. */
export const withStack = async <T>(
  template: Template,
  environments: number,
  work: (stack: Stack) => Promise<T>,
): Promise<T> => {
  const stack = await startStack({ template, environments, open: true, dataDir: ':memory:' })
  try {
    return await work(stack)
  } finally {
    await stack.stop()
  }
}

/** Returns the variables that a function of a running stack sees. */
export const variablesOf = ({ endpoints }: Stack, template: Template): Record<string, string> => {
  const table = (id: string): string => template.tables.find((each) => each.id === id)?.name ?? ''
  return {
    RESOURCES_TABLE: table('ResourcesTable'),
    SEARCH_TABLE: table('SearchTable'),
    SYSTEM_TABLE: table('SystemTable'),
    ARCHIVE_BUCKET: template.buckets[0] ?? '',
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_S3: endpoints.s3,
    AWS_REGION: 'local',
    AWS_ACCESS_KEY_ID: 'S3RVER',
    AWS_SECRET_ACCESS_KEY: 'S3RVER',
  }
}
