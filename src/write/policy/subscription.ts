/**
 * The delivery state of a Subscription, in `status` and `error`; nothing is delivered yet:
 * https://hl7.org/fhir/R4/subscription.html
 */

import type { Resource } from '../../fhir/definitions.ts'
import { spliceMembers } from '../../fhir/json/splice.ts'
import { type Issue, warning } from '../../outcome/failure.ts'
import type { Body } from '../../request/body.ts'

/** Returns whether a Subscription asks for delivery: with the status `off` it does not. */
const asksDelivery = ({ resourceType, status }: Resource): boolean =>
  resourceType === 'Subscription' && status !== 'off'

const state = {
  status: 'error',
  error: 'This server stores Subscriptions but does not deliver notifications.',
} as const

/** Returns a Subscription's body with the server's own `status` and `error`; the body of any further type is unchanged. */
export const withDeliveryState = (body: Body): Body =>
  asksDelivery(body.resource)
    ? { ...body, resource: { ...body.resource, ...state }, text: spliceMembers(body.text, state) }
    : body

/** Returns a warning for a Subscription that would be stored with the status `error`. */
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
