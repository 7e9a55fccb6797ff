import type { Issue } from '../../outcome/failure.ts'
import { failOn } from '../../outcome/outcome.ts'
import { inputBody } from '../../request/body.ts'

/**
 * Fails unless the body is structured as R4 demands, since an operation computes with the body directly. Codes and
 * invariants are not checked.
 */
export const checkStructure = async (body: string): Promise<void> => {
  if (body.trim() === '') return
  const resource = inputBody(body)
  const { validate } = await import('../../validate/validate.ts')
  const isOfShape = ({ kind, expression = '' }: Issue): boolean =>
    kind !== 'code-invalid' && kind !== 'invariant' && !/\.status$/.test(expression)
  failOn(validate(resource, resource.resourceType, { text: body }).filter(isOfShape))
}
