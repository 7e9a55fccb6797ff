/** This software, as the CapabilityStatement and the TerminologyCapabilities name it; CHANGELOG.md has the release date. */
export const software = { name: 'Pilotlight', version: '0.1.0', releaseDate: '2026-12-01' }
