import { archiveOperations } from './archive.ts'
import { checkIndexOperations } from './check-index.ts'
import { claimOperations } from './claim.ts'
import { docrefOperation } from './docref.ts'
import { encounterEverythingOperation } from './everything/encounter-everything.ts'
import { everythingOperation } from './everything/everything.ts'
import { lastnOperation } from './lastn.ts'
import { metaAddOperation, metaDeleteOperation, metaOperation } from './meta.ts'
import { purgeHistoryOperation, purgeOperation } from './purge.ts'
import { reindexOperations } from './reindex.ts'
import { statsOperation } from './stats.ts'
import type { Operation } from './support/operation.ts'
import { withSummary } from './support/summary.ts'
import { terminologyOperations } from './terminology/terminology.ts'
import { uploadOperation } from './upload.ts'
import { validateOperation } from './validate.ts'
import { versionsOperation } from './versions.ts'

const served: readonly Operation[] = [
  validateOperation,
  metaOperation,
  metaAddOperation,
  metaDeleteOperation,
  everythingOperation,
  encounterEverythingOperation,
  lastnOperation,
  docrefOperation,
  statsOperation,
  versionsOperation,
  uploadOperation,
  ...checkIndexOperations,
  ...reindexOperations,
  ...archiveOperations,
  ...claimOperations,
  ...terminologyOperations,
  purgeHistoryOperation,
  purgeOperation,
]

/** All served operations: the source of routes and of the CapabilityStatement. */
export const operations: readonly Operation[] = served.map(withSummary)
