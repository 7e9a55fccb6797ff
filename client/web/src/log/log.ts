/** One FHIR call behind the screen. */
export interface Call {
  id: number
  method: string
  url: string
  /** Absent while it is under way; 0 when there was no answer. */
  status?: number
  ms?: number
  bytes?: number
  requestId?: string
  at: number
  aborted?: boolean
}

/** The calls of this session, newest first, for the developers' drawer. */
export interface RequestLog {
  calls(): readonly Call[]
  begin(method: string, url: string): Call
  end(call: Call, result: Partial<Call>): void
  clear(): void
  subscribe(listener: () => void): () => void
}

const kept = 200

/** Returns an empty log that keeps the newest 200 calls. */
export const createLog = (): RequestLog => {
  let calls: readonly Call[] = []
  let count = 0
  const listeners = new Set<() => void>()
  const publish = (next: readonly Call[]): void => {
    calls = next.slice(0, kept)
    for (const listener of listeners) listener()
  }
  return {
    calls: () => calls,
    begin: (method, url) => {
      const call: Call = { id: ++count, method, url, at: Date.now() }
      publish([call, ...calls])
      return call
    },
    end: (call, result) =>
      publish(calls.map((each) => (each.id === call.id ? { ...call, ...result } : each))),
    clear: () => publish([]),
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
