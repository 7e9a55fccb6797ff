/** Where the page is, kept behind the `#` so that any file server can serve it. */

export const sections = [
  'overview',
  'vitals',
  'labs',
  'immunizations',
  'problems',
  'medications',
  'encounters',
  'documents',
] as const

export type Section = (typeof sections)[number]

export type Route =
  | { name: 'home' }
  | { name: 'post' }
  | { name: 'patient'; id: string; section: Section }
  | { name: 'unknown' }

const isSection = (text: string): text is Section => (sections as readonly string[]).includes(text)

const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** Returns the route a hash names. */
export const parseRoute = (hash: string): Route => {
  const [first = '', named = '', section = 'overview', ...rest] = hash.replace(/^#?\/?/, '').split('/')
  const id = decoded(named)
  if (first === '') return { name: 'home' }
  if (first === 'post' && id === '') return { name: 'post' }
  if (first === 'patients' && id && isSection(section) && rest.length === 0)
    return { name: 'patient', id, section }
  return { name: 'unknown' }
}

/** Returns the address of a patient's page. */
export const patientHash = (id: string, section: Section = 'overview'): string =>
  `#/patients/${encodeURIComponent(id)}${section === 'overview' ? '' : `/${section}`}`
