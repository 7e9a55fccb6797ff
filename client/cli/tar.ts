// https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06

import { decoded } from './input/text.ts'

const block = 512

/** The files that are read; others may be of any encoding. */
const isJson = /\.json$/

const textAt = (bytes: Buffer, at: number, length: number): string => {
  const end = bytes.indexOf(0, at)
  return bytes.toString('utf8', at, end === -1 ? at + length : Math.min(end, at + length))
}

/** `27 path=package/a-long-name.json` */
const longName = (record: string): string | undefined => /^\d+ path=(.*)$/m.exec(record)?.[1]

/** Yields the files of an archive with their paths in it, the text of JSON files only; fails where that is not UTF-8. */
export function* filesIn(archive: Buffer): Generator<{ path: string; text: string }> {
  let named: string | undefined
  for (let at = 0; at + block <= archive.length && archive[at] !== 0; ) {
    const size = Number.parseInt(textAt(archive, at + 124, 12).trim() || '0', 8)
    const kind = String.fromCharCode(archive[at + 156] ?? 0)
    const text = () => archive.toString('utf8', at + block, at + block + size)
    const prefix = textAt(archive, at + 345, 155)
    const name = textAt(archive, at, 100)
    if (kind === '0' || kind === '\0') {
      const path = named ?? (prefix ? `${prefix}/${name}` : name)
      yield {
        path,
        text: isJson.test(path) ? decoded(path, archive.subarray(at + block, at + block + size)) : '',
      }
    }
    named = kind === 'x' ? longName(text()) : kind === 'L' ? text().replace(/\0.*$/s, '') : undefined
    at += block + Math.ceil(size / block) * block
  }
}
