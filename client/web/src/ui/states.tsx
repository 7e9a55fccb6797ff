import { RequestFailure } from '../fhir/failure.ts'
import { Icon } from './icon.tsx'

/** Lines that stand where data will be. */
export const Loading = ({ what, lines = 4 }: { what: string; lines?: number }) => (
  <div className="loading" role="status">
    <span className="visually-hidden">Loading {what}…</span>
    {Array.from({ length: lines }, (_, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: the lines are alike and never move
      <div key={index} className="skeleton" aria-hidden="true" />
    ))}
  </div>
)

/** Says that there is nothing, and what could be done about it. */
export const Empty = ({ children }: { children: React.ReactNode }) => <p className="empty">{children}</p>

const explain = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Says what went wrong, with the request's id for whoever is asked, and offers to try again. */
export const Failed = ({ what, error, retry }: { what: string; error: unknown; retry?: () => void }) => (
  <div className="notice bad" role="alert">
    <Icon name="warning" />
    <div>
      <strong>Could not load {what}.</strong> {explain(error)}
      {error instanceof RequestFailure && error.requestId && (
        <span className="muted"> Request {error.requestId}</span>
      )}
    </div>
    {retry && (
      <button type="button" className="button small" onClick={retry}>
        <Icon name="retry" size={14} /> Try again
      </button>
    )}
  </div>
)
