/** The cost of a request: `rounds` counts how often a call began while no call was under way. */
export interface Meter {
  rounds: number
  calls: number
  readUnits: number
  writeUnits: number
}
