/** https://github.com/wolfcw/libfaketime — the variables that give a process another clock than the machine's. */
const clockVariables = ['LD_PRELOAD', 'FAKETIME', 'FAKETIME_DONT_FAKE_MONOTONIC', 'NO_FAKE_STAT'] as const

/** Returns the variables that give functions the clock of this process; empty when this is the machine's own. */
export const clockOf = (env: NodeJS.ProcessEnv): Record<string, string> =>
  env.FAKETIME === undefined
    ? {}
    : Object.fromEntries(clockVariables.flatMap((name) => (env[name] ? [[name, env[name]]] : [])))
