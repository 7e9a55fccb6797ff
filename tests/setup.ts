import { prepare } from '../src/local/bundle.ts'

/** Builds what the tests run, where it is older than its sources. */
export const setup = prepare
