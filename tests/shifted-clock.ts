import { globSync } from 'node:fs'

/** Where the packages of the systems put it; the one for many threads goes first. */
const places = [
  '/usr/lib/*/faketime/libfaketimeMT.so.1',
  '/usr/lib{,64}/faketime/libfaketimeMT.so.1',
  '/usr/local/lib/faketime/libfaketimeMT.so.1',
]

/**
 * Returns the variables that set a process's clock, and those of all that it starts, as far off as `+400d` says;
 * the monotonic clock and the times of files stay as they are. Returns undefined where there is no libfaketime.
 */
export const shiftedClock = (offset: string): Record<string, string> | undefined => {
  const [library] = places.flatMap((place) => globSync(place))
  if (!library) return undefined
  return { LD_PRELOAD: library, FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: '1', NO_FAKE_STAT: '1' }
}
