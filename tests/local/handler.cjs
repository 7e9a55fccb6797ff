// A handler that does as the path says, so that the stack can be watched with functions that misbehave.
const deeds = {
  '/Patient/exit': () => process.exit(3),
  '/Patient/throw': () => {
    throw new Error('thrown')
  },
  '/Patient/wrong': () => 'no result',
  '/Patient/hang': () => new Promise(() => {}),
  '/Patient/large': () => ({ statusCode: 200, body: 'x'.repeat(7_000_000) }),
}

exports.handler = async (event, context) => {
  if (event.Records) return { batchItemFailures: [] }
  const deed = deeds[event.path]
  if (deed) return deed()
  const { requestContext, body } = event
  return {
    statusCode: 200,
    multiValueHeaders: { 'X-Many': ['a', 'b'] },
    body: JSON.stringify({
      claims: requestContext.authorizer?.claims,
      bytes: body?.length ?? 0,
      pid: process.pid,
      function: context.functionName,
      table: process.env.RESOURCES_TABLE,
    }),
  }
}

const head = (stream) =>
  awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { 'X-One': '1' } })

const send = (stream, body) => {
  const out = head(stream)
  out.write(body)
  out.end()
}

const streamingDeeds = {
  '/Patient/large': (stream) => send(stream, 'x'.repeat(30_000_000)),
  '/Patient/empty': (stream) => send(stream, ''),
  // Lambda's runtime sends the head with the first write, and there is none.
  '/Patient/unwritten': (stream) => head(stream).end('x'),
  '/Patient/throw': () => {
    throw new Error('thrown')
  },
  '/Patient/wrong': (stream) => stream.end('x'.repeat(20_000)),
  '/Patient/exit': (stream) => {
    head(stream).write('begun')
    setTimeout(() => process.exit(3), 100)
    return new Promise(() => {})
  },
}

exports.streaming = globalThis.awslambda?.streamifyResponse(async (event, stream) =>
  streamingDeeds[event.path](stream),
)
