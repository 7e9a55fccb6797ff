/** https://hl7.org/fhir/R4/datatypes.html#id */

import type { Issue } from '../outcome/failure.ts'
import { badId } from '../outcome/messages.ts'

/** Refuses `.` and `..`, which would be steps in a URL, so that no request could reach the resource. */
const idSyntax = /^(?!\.{1,2}$)[A-Za-z0-9.-]{1,64}$/

/** Returns whether the text can be a resource's id. */
export const isId = (text: string): boolean => idSyntax.test(text)

/** Returns the issue of an id in a URL that breaks the syntax; empty for a valid id. */
export const idIssues = (id: string): Issue[] => (isId(id) ? [] : [badId(id)])
