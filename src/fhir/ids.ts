/** https://hl7.org/fhir/R4/datatypes.html#id */

import type { Issue } from '../outcome/failure.ts'
import { badId } from '../outcome/messages.ts'

/** `.` and `..` would be steps in an address, which no request could reach. */
const idSyntax = /^(?!\.{1,2}$)[A-Za-z0-9.-]{1,64}$/

/** Returns whether the text can be a resource's id. */
export const isId = (text: string): boolean => idSyntax.test(text)

/** Returns what is wrong with an id in a URL. */
export const idIssues = (id: string): Issue[] => (isId(id) ? [] : [badId(id)])
