import { useEffect, useRef, useState } from 'react'
import { usePage } from '../page.ts'
import { patientHash } from '../route.ts'
import { announce } from '../ui/announce.tsx'
import { Icon } from '../ui/icon.tsx'
import type { Refusal } from './outcome.ts'
import { type Posting, post } from './send.ts'

const stateText: Record<Posting['state'], string> = {
  waiting: 'waiting',
  reading: 'reading',
  sending: 'sending',
  stored: '✓ stored',
  partly: '▲ stored in part',
  refused: '✕ refused',
}

const done = ({ state }: Posting): boolean => state === 'stored' || state === 'partly' || state === 'refused'

const sizeText = (bytes: number): string =>
  bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`

const usePostings = () => {
  const { client } = usePage()
  const [postings, setPostings] = useState<readonly Posting[]>([])
  const queue = useRef(Promise.resolve())
  const count = useRef(0)
  const tell = (id: number, change: Partial<Posting>): void => {
    setPostings((before) => before.map((each) => (each.id === id ? { ...each, ...change } : each)))
    if (change.state === 'refused' || change.state === 'stored') announce(`A bundle was ${change.state}.`)
  }
  const add = (files: readonly File[]): void => {
    const added = files.map((file) => ({ file, id: ++count.current }))
    const waiting = added.map(({ file, id }) => ({
      id,
      name: file.name,
      bytes: file.size,
      state: 'waiting' as const,
    }))
    setPostings((before) => [...before, ...waiting])
    for (const { file, id } of added)
      queue.current = queue.current.then(() => post(client, file, (change) => tell(id, change)))
  }
  return { postings, add, clear: () => setPostings((before) => before.filter((each) => !done(each))) }
}

const DropZone = ({ add }: { add: (files: readonly File[]) => void }) => {
  const [over, setOver] = useState(false)
  const drop = (event: React.DragEvent): void => {
    event.preventDefault()
    setOver(false)
    add([...event.dataTransfer.files])
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is the pointer's way; the button inside is everybody's
    <div
      className={over ? 'drop over' : 'drop'}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <Icon name="upload" size={32} />
      <p>
        <strong>Drop Bundles here</strong>, or
      </p>
      <label className="button primary file-button">
        Choose files
        <input
          type="file"
          multiple
          accept=".json,application/json,application/fhir+json"
          onChange={(event) => {
            add([...(event.target.files ?? [])])
            event.target.value = ''
          }}
        />
      </label>
      <p className="muted">
        FHIR R4 Bundles of type transaction or batch, as JSON. They are sent byte for byte.
      </p>
    </div>
  )
}

const RefusalRow = ({ refusal }: { refusal: Refusal }) => (
  <tr>
    <td className="number">{refusal.entry === undefined ? '–' : refusal.entry + 1}</td>
    <td>{refusal.what}</td>
    <td>
      {refusal.why}
      {refusal.where && <code className="where">{refusal.where}</code>}
    </td>
    <td>{refusal.severity}</td>
  </tr>
)

const refusalsAtOnce = 100

const Refusals = ({ refusals }: { refusals: readonly Refusal[] }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: keys must be able to scroll a wide table
  <section className="table-scroll" tabIndex={0} aria-label="What was refused, and why">
    <table>
      <thead>
        <tr>
          <th scope="col" className="number">
            Entry
          </th>
          <th scope="col">What</th>
          <th scope="col">Why</th>
          <th scope="col">Severity</th>
        </tr>
      </thead>
      <tbody>
        {refusals.slice(0, refusalsAtOnce).map((refusal, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a finished list never moves
          <RefusalRow key={index} refusal={refusal} />
        ))}
      </tbody>
    </table>
    {refusals.length > refusalsAtOnce && <p className="muted">and {refusals.length - refusalsAtOnce} more</p>}
  </section>
)

const factsOf = ({ bytes, entries, ms, outcome }: Posting): string =>
  [
    sizeText(bytes),
    entries === undefined ? '' : `${entries} entries`,
    outcome && outcome.stored > 0 ? `${outcome.stored} stored` : '',
    ms === undefined ? '' : `${(ms / 1000).toFixed(1)} s`,
  ]
    .filter(Boolean)
    .join(' · ')

const PostingCard = ({ posting }: { posting: Posting }) => (
  <li className={`card posting ${posting.state}`}>
    <div className="posting-head">
      <strong className="posting-name">{posting.name}</strong>
      <span className="posting-state">{stateText[posting.state]}</span>
      <span className="muted">{factsOf(posting)}</span>
    </div>
    {(posting.state === 'sending' || posting.state === 'reading') && (
      <progress aria-label={`Posting ${posting.name}`} />
    )}
    {posting.why && <p className="notice bad">{posting.why}</p>}
    {posting.outcome && posting.outcome.refusals.length > 0 && (
      <>
        {posting.state === 'refused' && <p>Nothing of this bundle was stored.</p>}
        <Refusals refusals={posting.outcome.refusals} />
      </>
    )}
    {posting.outcome && posting.outcome.byType.length > 0 && (
      <p className="muted">{posting.outcome.byType.map(([type, count]) => `${count} ${type}`).join(', ')}</p>
    )}
    {posting.outcome?.patients.map((id) => (
      <a key={id} href={patientHash(id)}>
        Open the patient
      </a>
    ))}
  </li>
)

/** Posts bundles by drag and drop, shows how far they are, and what was refused and why. */
export const PostBundles = () => {
  const { postings, add, clear } = usePostings()
  const finished = postings.filter(done).length
  useEffect(() => {
    document.title = 'Post bundles · Pilotlight'
  }, [])
  return (
    <div className="post">
      <h1>Post bundles</h1>
      <DropZone add={add} />
      {postings.length > 0 && (
        <div className="section-bar">
          <label className="overall">
            <span role="status">
              {finished} of {postings.length} done
            </span>
            <progress value={finished} max={postings.length} />
          </label>
          <button type="button" className="button small" onClick={clear} disabled={finished === 0}>
            Clear finished
          </button>
        </div>
      )}
      <ul className="postings">
        {postings.map((posting) => (
          <PostingCard key={posting.id} posting={posting} />
        ))}
      </ul>
    </div>
  )
}
