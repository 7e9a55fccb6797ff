import type { Capacity } from './wire.ts'

/** A client token is remembered for so long after its request has ended: ten minutes, as the API reference says. */
const remembered = 600_000

interface Token {
  print: string
  /** What a repeated request costs; absent while the first one is under way. */
  capacities?: readonly Capacity[]
  ended?: number
}

/** Client tokens of transactions. */
export interface Tokens {
  /** Returns whether the token is new, under way, was used for another request, or what its request cost. */
  begin(token: string, print: string): 'new' | 'running' | 'other' | readonly Capacity[]
  /** Remembers a request that succeeded; forgets one that failed. */
  end(token: string, capacities: readonly Capacity[] | undefined): void
}

export const createTokens = (): Tokens => {
  const known = new Map<string, Token>()
  const forgetOld = (now: number): void => {
    for (const [token, { ended }] of known) {
      // Tokens end in about the order in which they began: the first young one ends the search.
      if (ended === undefined || now - ended < remembered) return
      known.delete(token)
    }
  }
  return {
    begin: (token, print) => {
      forgetOld(performance.now())
      const before = known.get(token)
      if (!before) {
        known.set(token, { print })
        return 'new'
      }
      if (before.print !== print) return 'other'
      return before.capacities ?? 'running'
    },
    end: (token, capacities) => {
      const { print = '' } = known.get(token) ?? {}
      known.delete(token)
      if (capacities) known.set(token, { print, capacities, ended: performance.now() })
    },
  }
}
