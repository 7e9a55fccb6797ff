/** https://hl7.org/fhir/R4/subscription.html — the server states in `status` and `error` whether it delivers: it does not yet. */

import type { Resource } from '../../fhir/definitions.ts'
import { spliceMembers } from '../../fhir/json/splice.ts'
import { type Issue, warning } from '../../outcome/failure.ts'
import type { Body } from '../../request/body.ts'

/** `off` asks for no delivery, so that nothing is amiss. */
const asksDelivery = ({ resourceType, status }: Resource): boolean =>
  resourceType === 'Subscription' && status !== 'off'

const state = {
  status: 'error',
  error: 'This server stores Subscriptions but does not deliver notifications.',
} as const

/** Returns a Subscription's body with `status` and `error` as the server states them, any other body as it is. */
export const withDeliveryState = (body: Body): Body =>
  asksDelivery(body.resource)
    ? { ...body, resource: { ...body.resource, ...state }, text: spliceMembers(body.text, state) }
    : body

/** Returns a warning where a write would state that nothing is delivered. */
export const deliveryAdvice = (resource: Resource): Issue[] =>
  asksDelivery(resource)
    ? [
        warning(
          'unsupported',
          `${state.error} It is stored with \`status: error\` and this reason in \`error\`.`,
          'Subscription.status',
        ),
      ]
    : []
