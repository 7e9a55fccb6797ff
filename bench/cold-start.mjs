// Loads one function's bundle as a new Lambda environment does, lets it answer once, and tells how long that took.
const [, , bundle, exportName, event] = process.argv
const began = performance.now()
const context = { awsRequestId: 'cold', functionName: 'cold', getRemainingTimeInMillis: () => 29_000 }
const handler = (await import(bundle))[exportName]
const { statusCode } = await handler(JSON.parse(event), context)
const answered = performance.now()
const said = { statusCode, ownMs: answered - began, allMs: answered }
process.stdout.write(JSON.stringify(said), () => process.exit(0))
