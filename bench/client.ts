import { Agent, request } from 'node:http'

/** What the bench sends: method, path below the base, and a body where there is one. */
export interface Ask {
  method: string
  path: string
  body?: string
  headers?: Readonly<Record<string, string>>
}

/** What came back, and how many milliseconds after the first byte was sent the last one came. */
export interface Told {
  status: number
  body: string
  ms: number
}

/** Returns a way to send requests over connections that stay open. */
export const clientOf = (base: string): ((ask: Ask) => Promise<Told>) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  return ({ method, path, body, headers: own }) =>
    new Promise((resolve, reject) => {
      const began = performance.now()
      const headers = { ...(body !== undefined && { 'content-type': 'application/fhir+json' }), ...own }
      const sent = request(`${base}/${path}`, { method, agent, headers }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            body: Buffer.concat(chunks).toString(),
            ms: performance.now() - began,
          }),
        )
      })
      sent.on('error', reject)
      sent.end(body)
    })
}

/** Sends a request that must succeed; fails with the answer's beginning when it does not. */
export const succeed = async (send: (ask: Ask) => Promise<Told>, ask: Ask): Promise<Told> => {
  const told = await send(ask)
  if (told.status >= 400)
    throw new Error(`${ask.method} ${ask.path}: ${told.status} ${told.body.slice(0, 500)}`)
  return told
}
