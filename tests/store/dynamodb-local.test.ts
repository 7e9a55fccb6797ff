import { describe } from 'vitest'
import { dynamodbLocal, hasDynamodbLocal } from './dynamodb-local.ts'
import { startEngines } from './engines.ts'
import { examine } from './exam.ts'

describe.runIf(hasDynamodbLocal())('where Java and the jar are', () => {
  examine('the store on AWS’s DynamoDB Local and s3rver', () => startEngines({ engine: dynamodbLocal }))
})
