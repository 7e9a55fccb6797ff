/**
 * This software's name and version for CapabilityStatement and TerminologyCapabilities; CHANGELOG.md has the release
 * date.
 */
export const software = { name: 'Pilotlight', version: '0.2.0', releaseDate: '2026-12-01' }
