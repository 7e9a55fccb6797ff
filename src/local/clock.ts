/** https://github.com/wolfcw/libfaketime — the variables by which a process gets another clock than the machine's. */
const names = ['LD_PRELOAD', 'FAKETIME', 'FAKETIME_DONT_FAKE_MONOTONIC', 'NO_FAKE_STAT'] as const

/** Returns the variables that give functions the clock that this process was given; none where it has the machine's. */
export const clockOf = (env: NodeJS.ProcessEnv): Record<string, string> =>
  env.FAKETIME === undefined
    ? {}
    : Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])))
