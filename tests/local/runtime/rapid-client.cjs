/**
 * Stands in for the one compiled part of AWS's runtime interface client, so that the rest of it, JavaScript, runs without cmake and curl:
 * asks for the next event and posts what is not streamed.
 */
const Module = require('node:module')

const base = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`
let posting = Promise.resolve()

const post = (path, body) => {
  posting = posting.then(() =>
    fetch(`${base}/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body }).then(
      (response) => response.text(),
    ),
  )
}

const native = {
  next: async () => {
    await posting
    const response = await fetch(`${base}/next`)
    return { bodyJson: await response.text(), headers: Object.fromEntries(response.headers) }
  },
  done: (id, body) => post(`${id}/response`, body),
  error: (id, body) => post(`${id}/error`, body),
}

const load = Module._load
Module._load = (request, ...rest) => (request === './rapid-client.node' ? native : load(request, ...rest))
