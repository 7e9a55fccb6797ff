/** Stands in for `agentkeepalive`, which `fhir-kit-client` imports and a browser neither has nor needs. */
const agent = { HttpsAgent: class {} }

export { agent as default }
