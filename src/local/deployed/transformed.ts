/** The template as AWS deploys it: `template.transformed.json`, written by AWS's transformer from `template.yaml`. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Refusal } from '../engines/engines.ts'
import { type PlainRecord, recordOrEmpty } from '../template/cloudformation.ts'

/** The project's directory, with a slash at its end. */
export const projectRoot = fileURLToPath(new URL('../../../', import.meta.url))

/** The absolute paths of the written template and of the transformed template. */
export const templatePaths = {
  written: `${projectRoot}template.yaml`,
  transformed: `${projectRoot}template.transformed.json`,
}

/** Reads the transformed template; refuses a file that was made from another version of `template.yaml`. */
export const readTransformed = ({ written, transformed } = templatePaths): PlainRecord => {
  const template = JSON.parse(readFileSync(transformed, 'utf8')) as PlainRecord
  const digest = createHash('sha256').update(readFileSync(written)).digest('hex')
  if (recordOrEmpty(recordOrEmpty(template.Metadata).TransformedFrom).Sha256 !== digest)
    throw new Refusal(
      'template.transformed.json was made of another template.yaml: run `npm run transform`, which needs Python with cfn-lint.',
    )
  return template
}
