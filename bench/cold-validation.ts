/** Loads the validation as a function does that writes for the first time, judges one resource, and tells how long that took. */
const [, , bundle = '', text = ''] = process.argv
const resource = JSON.parse(text)
const began = performance.now()
const { validate } = (await import(bundle)) as {
  validate(resource: object, type: string): readonly unknown[]
}
const issues = validate(resource, resource.resourceType)
if (issues.length > 0) throw new Error(JSON.stringify(issues))
process.stdout.write(String(performance.now() - began))
