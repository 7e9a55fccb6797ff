import type { Bundle } from 'fhir/r4.js'
import { useState, useSyncExternalStore } from 'react'
import { clockText } from '../../../clinical/time.ts'
import { issuesOf, issueText } from '../fhir/failure.ts'
import { usePage } from '../page.ts'
import { Icon } from '../ui/icon.tsx'
import type { Call } from './log.ts'

const statusText = ({ status, aborted }: Call): string => {
  if (status === undefined) return '…'
  if (aborted) return 'dropped'
  return status === 0 ? 'no answer' : String(status)
}

const sizeText = (bytes: number | undefined): string => {
  if (bytes === undefined) return ''
  return bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} kB`
}

const pathOf = (url: string, base: string): string =>
  decodeURI(url.startsWith(base) ? url.slice(base.length + 1) : url)

const explainable = ({ method, url, status }: Call): boolean =>
  method === 'GET' && status === 200 && url.includes('?') && !url.includes('_explain=')

/** The answer without its matches: what remains is what the server says about how it found them. */
const explanation = (answer: Bundle): string => {
  const said = answer.entry?.filter((entry) => entry.search?.mode === 'outcome') ?? []
  const texts = said.flatMap(({ resource }) => issuesOf(resource).map(issueText))
  if (texts.length > 0) return texts.join('\n')
  return JSON.stringify({ ...answer, entry: undefined }, null, 2)
}

const useExplain = (call: Call) => {
  const { client } = usePage()
  const [text, setText] = useState<string>()
  const ask = (): void => {
    setText(text === undefined ? '…' : undefined)
    if (text !== undefined) return
    client.request(`${call.url}&_explain=true`).then(
      (answer) => setText(explanation(answer as unknown as Bundle)),
      (error: Error) => setText(error.message),
    )
  }
  return { text, ask }
}

const CallRow = ({ call, base }: { call: Call; base: string }) => {
  const { text, ask } = useExplain(call)
  const failed = call.status !== undefined && !call.aborted && (call.status === 0 || call.status >= 400)
  return (
    <li className="call">
      <div className="call-line">
        <span className={failed ? 'call-status failed' : 'call-status'}>
          {failed ? '✕ ' : ''}
          {statusText(call)}
        </span>
        <span className="call-method">{call.method}</span>
        <code className="call-url">{pathOf(call.url, base) || '/'}</code>
        <span className="call-fact">{call.ms === undefined ? '' : `${call.ms} ms`}</span>
        <span className="call-fact">{sizeText(call.bytes)}</span>
        <span className="call-fact muted">{clockText(call.at)}</span>
        {explainable(call) && (
          <button type="button" className="button small" aria-expanded={text !== undefined} onClick={ask}>
            Explain
          </button>
        )}
      </div>
      {call.requestId && <span className="muted request-id">request {call.requestId}</span>}
      {text !== undefined && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: keys must be able to scroll it
        <pre className="raw" tabIndex={0}>
          {text}
        </pre>
      )}
    </li>
  )
}

/** The FHIR calls behind the screen, newest first. */
export const LogDrawer = ({ close }: { close: () => void }) => {
  const { log, client } = usePage()
  const calls = useSyncExternalStore(log.subscribe, log.calls)
  return (
    <aside className="drawer" aria-label="Request log">
      <header className="drawer-head">
        <h2>Requests</h2>
        <span className="muted">{client.baseUrl}</span>
        <button type="button" className="button small" onClick={log.clear}>
          Clear
        </button>
        <button type="button" className="button icon-only" aria-label="Close the request log" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      {calls.length === 0 && <p className="empty">No requests yet.</p>}
      <ul className="calls">
        {calls.map((call) => (
          <CallRow key={call.id} call={call} base={client.baseUrl} />
        ))}
      </ul>
    </aside>
  )
}
