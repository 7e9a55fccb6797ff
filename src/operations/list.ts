import { everythingOperation } from './everything.ts'
import { metaOperation } from './meta.ts'
import type { Operation } from './operation.ts'
import { validateOperation } from './validate.ts'

/** Every operation that is served: routes and the CapabilityStatement are read from here. */
export const operations: readonly Operation[] = [validateOperation, metaOperation, everythingOperation]
