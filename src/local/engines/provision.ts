import { setTimeout as sleep } from 'node:timers/promises'
import type { PlainRecord } from '../template/cloudformation.ts'
import type { Table, Template } from '../template/template.ts'
import { callEngine, LocalEngineError } from './aws.ts'

export interface DemoUser {
  name: string
  password: string
  group: string
}

/**
 * Users of the laptop's pool, each in the group of the same name; anybody who can reach the gateway can sign in as them.
 */
export const demoUsers: readonly DemoUser[] = ['clinician', 'admin', 'loader', 'viewer'].map((name) => ({
  name,
  group: name,
  password: `Pilotlight-${name}-1`,
}))

/** Creates the tables that are missing. */
export const provisionTables = async (endpoint: string, tables: readonly Table[]): Promise<void> => {
  const { TableNames } = await callEngine<{ TableNames: string[] }>('dynamodb', endpoint, 'ListTables', {})
  await Promise.all(
    tables.filter((table) => !TableNames.includes(table.name)).map((table) => createTable(endpoint, table)),
  )
}

const createTable = async (endpoint: string, table: Table): Promise<void> => {
  await callEngine('dynamodb', endpoint, 'CreateTable', table.create)
  await tableActive(endpoint, table.name)
  if (table.ttlAttribute === undefined) return
  await callEngine('dynamodb', endpoint, 'UpdateTimeToLive', {
    TableName: table.name,
    TimeToLiveSpecification: { AttributeName: table.ttlAttribute, Enabled: true },
  })
}

const tableActive = async (endpoint: string, name: string): Promise<void> => {
  for (;;) {
    const described = await callEngine<{ Table: { TableStatus: string } }>(
      'dynamodb',
      endpoint,
      'DescribeTable',
      {
        TableName: name,
      },
    )
    if (described.Table.TableStatus === 'ACTIVE') return
    await sleep(20)
  }
}

export interface Identity {
  poolId: string
  clientId: string
}

/** Creates the user pool, its groups, its client and the demo users, as far as they are missing. */
export const provisionIdentity = async (endpoint: string, template: Template): Promise<Identity> => {
  const poolId = await userPool(endpoint, template.userPool.create)
  const clientId = await userPoolClient(endpoint, poolId, template.userPoolClient.create)
  const groups = await groupNames(endpoint, poolId)
  const missing = template.groups.filter((group) => !groups.includes(String(group.GroupName)))
  for (const group of missing)
    await callEngine('cognito', endpoint, 'CreateGroup', { ...group, UserPoolId: poolId })
  for (const user of demoUsers) await demoUser(endpoint, poolId, user)
  return { poolId, clientId }
}

const poolName = 'pilotlight'

const userPool = async (endpoint: string, properties: PlainRecord): Promise<string> => {
  const listed = await callEngine<{ UserPools?: { Id: string; Name: string }[] }>(
    'cognito',
    endpoint,
    'ListUserPools',
    {
      MaxResults: 60,
    },
  )
  const existing = listed.UserPools?.find((pool) => pool.Name === poolName)
  if (existing) return existing.Id
  const created = await callEngine<{ UserPool: { Id: string } }>('cognito', endpoint, 'CreateUserPool', {
    ...properties,
    PoolName: poolName,
  })
  return created.UserPool.Id
}

const userPoolClient = async (endpoint: string, poolId: string, properties: PlainRecord): Promise<string> => {
  const listed = await callEngine<{ UserPoolClients?: { ClientId: string }[] }>(
    'cognito',
    endpoint,
    'ListUserPoolClients',
    { UserPoolId: poolId, MaxResults: 60 },
  )
  const existing = listed.UserPoolClients?.[0]
  if (existing) return existing.ClientId
  const created = await callEngine<{ UserPoolClient: { ClientId: string } }>(
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
  const listed = await callEngine<{ Groups?: { GroupName: string }[] }>('cognito', endpoint, 'ListGroups', {
    UserPoolId: poolId,
  })
  return (listed.Groups ?? []).map((group) => group.GroupName)
}

const demoUser = async (endpoint: string, poolId: string, user: DemoUser): Promise<void> => {
  const who = { UserPoolId: poolId, Username: user.name }
  try {
    await callEngine('cognito', endpoint, 'AdminGetUser', who)
  } catch (error) {
    if (!(error instanceof LocalEngineError && error.name === 'UserNotFoundException')) throw error
    const attributes = [
      { Name: 'email', Value: `${user.name}@pilotlight.example` },
      { Name: 'email_verified', Value: 'true' },
    ]
    await callEngine('cognito', endpoint, 'AdminCreateUser', {
      ...who,
      UserAttributes: attributes,
      MessageAction: 'SUPPRESS',
    })
    await callEngine('cognito', endpoint, 'AdminSetUserPassword', {
      ...who,
      Password: user.password,
      Permanent: true,
    })
    await callEngine('cognito', endpoint, 'AdminAddUserToGroup', { ...who, GroupName: user.group })
  }
}
