import { useEffect, useState } from 'react'
import { isAbort } from '../fhir/failure.ts'
import { usePage } from '../page.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Failed, Loading } from '../ui/states.tsx'

/** A resource on the server: its type, its id, and a version where it is not the current one. */
export interface RawAddress {
  type: string
  id: string
}

interface Raw {
  text: string
  version: number
}

const url = ({ type, id }: RawAddress, version: number | undefined): string =>
  version === undefined ? `${type}/${id}` : `${type}/${id}/_history/${version}`

const useRaw = (address: RawAddress, version: number | undefined) => {
  const { client } = usePage()
  const [raw, setRaw] = useState<Raw>()
  const [error, setError] = useState<unknown>()
  const [turn, setTurn] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` asks again
  useEffect(() => {
    const abort = new AbortController()
    setError(undefined)
    client.request(url(address, version), { options: { signal: abort.signal } }).then(
      (resource) => {
        const meta = resource.meta as { versionId?: string } | undefined
        setRaw({ text: JSON.stringify(resource, null, 2), version: Number(meta?.versionId ?? 1) })
      },
      (failed: unknown) => isAbort(failed) || setError(failed),
    )
    return () => abort.abort()
  }, [client, address, version, turn])
  return { raw, error, retry: () => setTurn((before) => before + 1) }
}

interface VersionsProps {
  shown: number
  step: (to: number) => void
  newest: number
}

const Versions = ({ shown, newest, step }: VersionsProps) => (
  <fieldset className="segments">
    <legend className="visually-hidden">Version</legend>
    <button type="button" aria-label="Older version" disabled={shown <= 1} onClick={() => step(shown - 1)}>
      ‹
    </button>
    <span className="segment-text">
      version {shown} of {newest}
    </span>
    <button
      type="button"
      aria-label="Newer version"
      disabled={shown >= newest}
      onClick={() => step(shown + 1)}
    >
      ›
    </button>
  </fieldset>
)

/** A resource as it is on the server, every digit kept, with its past versions. */
export const RawResource = ({ address, close }: { address: RawAddress; close: () => void }) => {
  const [version, setVersion] = useState<number>()
  const [newest, setNewest] = useState(1)
  const [copied, setCopied] = useState(false)
  const { raw, error, retry } = useRaw(address, version)
  useEffect(() => {
    if (raw) setNewest((before) => Math.max(before, raw.version))
  }, [raw])
  const copy = (): void => {
    void navigator.clipboard.writeText(raw?.text ?? '').then(() => setCopied(true))
  }
  return (
    <Dialog title={`${address.type}/${address.id}`} close={close} sheet>
      {error !== undefined && <Failed what="the resource" error={error} retry={retry} />}
      {!raw && error === undefined && <Loading what="the resource" lines={10} />}
      {raw && (
        <>
          <div className="section-bar">
            <Versions shown={raw.version} newest={newest} step={setVersion} />
            <button type="button" className="button small" onClick={copy}>
              {copied ? 'Copied' : 'Copy'}
            </button>
          </div>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: keys must be able to scroll it */}
          <section className="raw" tabIndex={0} aria-label="JSON of the resource">
            <pre>{raw.text}</pre>
          </section>
        </>
      )}
    </Dialog>
  )
}
