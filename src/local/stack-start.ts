import { Refusal } from './engines/engines.ts'

/** Refusals of a port that the gateway cannot listen on, by the system's error code. */
export const unlistened: Readonly<Record<string, (port: number) => Refusal>> = {
  EADDRINUSE: (port) =>
    new Refusal(`Port ${port} is taken: set PORT to another one, or stop what listens there.`),
  EACCES: (port) => new Refusal(`Port ${port} is not yours to listen on: set PORT to one from 1024 on.`),
}

/** Returns a function that runs the action at its first call and returns that call's promise ever after. */
export const onceOnly = (action: () => Promise<void>): (() => Promise<void>) => {
  let done: Promise<void> | undefined
  return () => {
    done ??= action()
    return done
  }
}
