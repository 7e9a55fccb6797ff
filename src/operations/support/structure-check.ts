import type { Issue } from '../../outcome/failure.ts'
import { failOn } from '../../outcome/outcome.ts'
import { inputBody } from '../../request/body.ts'

/** Fails where what is given is not built as R4 says, since it is worked with as it is; what its codes are worth is no matter. */
export const checkShape = async (body: string): Promise<void> => {
  if (body.trim() === '') return
  const resource = inputBody(body)
  const { validate } = await import('../../validate/validate.ts')
  const isOfShape = ({ kind, expression = '' }: Issue): boolean =>
    kind !== 'code-invalid' && kind !== 'invariant' && !/\.status$/.test(expression)
  failOn(validate(resource, resource.resourceType, { text: body }).filter(isOfShape))
}
