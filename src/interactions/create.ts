/** https://hl7.org/fhir/R4/http.html#create and #ccreate */

import { bodyOf } from '../write/body.ts'
import type { Interaction } from './call.ts'
import { change } from './change.ts'

export const create: Interaction = async ({ type, headers, body }, context) =>
  change(
    {
      place: '',
      method: 'POST',
      path: type,
      query: [],
      headers,
      fullUrl: undefined,
      body: bodyOf(body, `a ${type}`),
    },
    context,
  )
