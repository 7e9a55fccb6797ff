import { setTimeout as sleep } from 'node:timers/promises'
import type { PlainRecord } from '../template/cloudformation.ts'
import type { Table, Template } from '../template/template.ts'
import { call, EngineError } from './aws.ts'

export interface DemoUser {
  name: string
  password: string
  group: string
}

/** Users of the laptop's pool, one for each group; whoever can reach the gateway may be them. */
export const demoUsers: readonly DemoUser[] = ['clinician', 'admin', 'loader', 'viewer'].map((name) => ({
  name,
  group: name,
  password: `Pilotlight-${name}-1`,
}))

/** Creates the tables that are missing. */
export const provisionTables = async (endpoint: string, tables: readonly Table[]): Promise<void> => {
  const { TableNames } = await call<{ TableNames: string[] }>('dynamodb', endpoint, 'ListTables', {})
  await Promise.all(
    tables.filter((table) => !TableNames.includes(table.name)).map((table) => createTable(endpoint, table)),
  )
}

const createTable = async (endpoint: string, table: Table): Promise<void> => {
  await call('dynamodb', endpoint, 'CreateTable', table.create)
  await tableActive(endpoint, table.name)
  if (table.ttlAttribute === undefined) return
  await call('dynamodb', endpoint, 'UpdateTimeToLive', {
    TableName: table.name,
    TimeToLiveSpecification: { AttributeName: table.ttlAttribute, Enabled: true },
  })
}

const tableActive = async (endpoint: string, name: string): Promise<void> => {
  for (;;) {
    const described = await call<{ Table: { TableStatus: string } }>('dynamodb', endpoint, 'DescribeTable', {
      TableName: name,
    })
    if (described.Table.TableStatus === 'ACTIVE') return
    await sleep(20)
  }
}

export interface Identity {
  poolId: string
  clientId: string
}

/** Creates the user pool, its groups, its client and the demo users, whatever is missing of them. */
export const provisionIdentity = async (endpoint: string, template: Template): Promise<Identity> => {
  const poolId = await userPool(endpoint, template.userPool.create)
  const clientId = await userPoolClient(endpoint, poolId, template.userPoolClient.create)
  const groups = await groupNames(endpoint, poolId)
  const missing = template.groups.filter((group) => !groups.includes(String(group.GroupName)))
  for (const group of missing)
    await call('cognito', endpoint, 'CreateGroup', { ...group, UserPoolId: poolId })
  for (const user of demoUsers) await demoUser(endpoint, poolId, user)
  return { poolId, clientId }
}

const poolName = 'pilotlight'

const userPool = async (endpoint: string, properties: PlainRecord): Promise<string> => {
  const listed = await call<{ UserPools?: { Id: string; Name: string }[] }>(
    'cognito',
    endpoint,
    'ListUserPools',
    {
      MaxResults: 60,
    },
  )
  const existing = listed.UserPools?.find((pool) => pool.Name === poolName)
  if (existing) return existing.Id
  const created = await call<{ UserPool: { Id: string } }>('cognito', endpoint, 'CreateUserPool', {
    ...properties,
    PoolName: poolName,
  })
  return created.UserPool.Id
}

const userPoolClient = async (endpoint: string, poolId: string, properties: PlainRecord): Promise<string> => {
  const listed = await call<{ UserPoolClients?: { ClientId: string }[] }>(
    'cognito',
    endpoint,
    'ListUserPoolClients',
    { UserPoolId: poolId, MaxResults: 60 },
  )
  const existing = listed.UserPoolClients?.[0]
  if (existing) return existing.ClientId
  const created = await call<{ UserPoolClient: { ClientId: string } }>(
    'cognito',
    endpoint,
    'CreateUserPoolClient',
    {
      ...properties,
      UserPoolId: poolId,
    },
  )
  return created.UserPoolClient.ClientId
}

const groupNames = async (endpoint: string, poolId: string): Promise<string[]> => {
  const listed = await call<{ Groups?: { GroupName: string }[] }>('cognito', endpoint, 'ListGroups', {
    UserPoolId: poolId,
  })
  return (listed.Groups ?? []).map((group) => group.GroupName)
}

const demoUser = async (endpoint: string, poolId: string, user: DemoUser): Promise<void> => {
  const who = { UserPoolId: poolId, Username: user.name }
  try {
    await call('cognito', endpoint, 'AdminGetUser', who)
  } catch (error) {
    if (!(error instanceof EngineError && error.name === 'UserNotFoundException')) throw error
    const attributes = [
      { Name: 'email', Value: `${user.name}@pilotlight.example` },
      { Name: 'email_verified', Value: 'true' },
    ]
    await call('cognito', endpoint, 'AdminCreateUser', {
      ...who,
      UserAttributes: attributes,
      MessageAction: 'SUPPRESS',
    })
    await call('cognito', endpoint, 'AdminSetUserPassword', {
      ...who,
      Password: user.password,
      Permanent: true,
    })
    await call('cognito', endpoint, 'AdminAddUserToGroup', { ...who, GroupName: user.group })
  }
}
