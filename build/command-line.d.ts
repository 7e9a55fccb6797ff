/** Writes `dist/cli/pilotlight.mjs`. */
export declare const buildCommandLine: () => Promise<void>
