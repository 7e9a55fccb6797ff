import type { ConsumedCapacity } from './wire.ts'

/** Milliseconds that a client token is remembered after the end of its request: ten minutes, as in the API reference. */
const tokenMilliseconds = 600_000

interface ClientToken {
  print: string
  /** The capacity that a repeated request consumes; absent while the first request runs. */
  capacities?: readonly ConsumedCapacity[]
  ended?: number
}

/** Client tokens of transactions. */
export interface Tokens {
  /**
   * Returns whether the token is new, in use by a running request, or known from a different request; or else the
   * consumed capacity of its finished request.
   */
  begin(token: string, print: string): 'new' | 'running' | 'other' | readonly ConsumedCapacity[]
  /** Remembers the token of a successful request; forgets the token of a failed request. */
  end(token: string, capacities: readonly ConsumedCapacity[] | undefined): void
}

export const createTokens = (): Tokens => {
  const known = new Map<string, ClientToken>()
  const forgetOld = (now: number): void => {
    for (const [token, { ended }] of known) {
      // Tokens end in about the order in which they began: the first young one ends the search.
      if (ended === undefined || now - ended < tokenMilliseconds) return
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
