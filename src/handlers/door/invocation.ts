import type { APIGatewayProxyEvent } from 'aws-lambda'
import type { Principal } from '../../auth/principal.ts'
import type { Served } from '../../http/serve.ts'
import type { FhirRequest } from '../../request/request.ts'
import type { Meter } from '../../store/meter.ts'

/** An invocation on its way through the chain; each step adds its results. */
export interface Invocation {
  event: APIGatewayProxyEvent
  began: number
  request?: FhirRequest
  principal?: Principal
  meter?: Meter
  served?: Served
  /** An error outside of serving. */
  fault?: unknown
}
