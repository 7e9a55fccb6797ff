import about from '../../package.json' with { type: 'json' }

/** The version of the command line, which is the project's. */
export const { version } = about
