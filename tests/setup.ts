import { buildStale } from '../src/local/build.ts'

/** Builds what the tests run, where it is older than its sources. */
export const setup = buildStale
