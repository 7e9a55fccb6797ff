/** http://ndjson.org — writes a version as a line of the archive, and reads it back. */

import { headOf, type VersionHead } from './head.ts'

/** A committed version in the archive. */
export interface ArchivedVersion extends VersionHead {
  tenant: string
  text: string
}

/** The gaps between the line breaks of a text, in UTF-16 code units, by kind of break. */
interface Breaks {
  lf?: readonly number[]
  cr?: readonly number[]
}

const breakKinds = [
  ['lf', '\n'],
  ['cr', '\r'],
] as const

const gapsOf = (text: string, character: string): number[] =>
  text
    .split(character)
    .slice(0, -1)
    .map(({ length }) => length)

/** JSON has line breaks only between tokens: a blank in place of each changes no value and no position. */
const breaksOf = (text: string): Breaks =>
  Object.fromEntries(
    breakKinds.flatMap(([name, character]) =>
      text.includes(character) ? [[name, gapsOf(text, character)]] : [],
    ),
  )

const withBreaks = (text: string, gaps: readonly number[], character: string): string => {
  let at = 0
  const pieces = gaps.map((gap) => {
    const piece = text.slice(at, at + gap)
    at += gap + 1
    return piece
  })
  return [...pieces, text.slice(at)].join(character)
}

const beforeResource = ',"resource":'

/**
 * Turns a version into a line of NDJSON. The resource's text is part of the line byte for byte, except for
 * line breaks: a blank replaces each, and `lf` and `cr` give their positions.
 */
export const archiveLine = ({ text, ...version }: ArchivedVersion): string => {
  const head = JSON.stringify({ ...headOf(version), ...breaksOf(text) })
  if (version.deleted) return head
  return `${head.slice(0, -1)}${beforeResource}${text.replaceAll(/[\r\n]/g, ' ')}}`
}

/** Turns a line of NDJSON back into the version; lines of before 2026-12 say nothing of breaks and keep their blanks. */
export const parseArchiveLine = (tenant: string, line: string): ArchivedVersion => {
  const at = line.indexOf(beforeResource)
  const { lf, cr, ...head }: VersionHead & Breaks = JSON.parse(at < 0 ? line : `${line.slice(0, at)}}`)
  const flat = at < 0 ? '' : line.slice(at + beforeResource.length, -1)
  return { ...headOf(head), tenant, text: withBreaks(withBreaks(flat, lf ?? [], '\n'), cr ?? [], '\r') }
}
