/**
 * Proves at compile time that resources typed by `@smile-cdr/fhirts` can be handed to the client: `tsc` fails when one
 * cannot. Only types are imported, so nothing of the package is ever loaded (docs/adr/0003).
 */

import type { R4 } from '@smile-cdr/fhirts'
import type { CreateParams } from 'fhir-kit-client'

/** A class's own members as a plain object: what a class instance is once it is JSON. */
type Plain<Resource> = { [Element in keyof Resource]: Resource[Element] }
type Accepted<Resource extends CreateParams['body']> = Resource

export type AcceptedResources = [
  Accepted<Plain<R4.Patient>>,
  Accepted<Plain<R4.Observation>>,
  Accepted<Plain<R4.Bundle>>,
]
