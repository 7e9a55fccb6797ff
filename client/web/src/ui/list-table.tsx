import type { FhirResource } from 'fhir/r4.js'
import { useState } from 'react'
import type { Collection, Snapshot } from '../fhir/collection.ts'
import { useCollection } from '../fhir/use-collection.ts'
import { RawButton } from './raw-button.tsx'
import { Empty, Failed, Loading } from './states.tsx'

/** One column of a table of resources. */
export interface Column<T> {
  head: string
  cell(item: T): React.ReactNode
}

interface ListTableProps<T extends FhirResource> {
  label: string
  what: string
  type: string
  collection: Collection<T>
  columns: readonly Column<T>[]
  /** What a row is about, for the label of its buttons. */
  name(item: T): string
  empty: string
  /** Shows only some of what was read. */
  only?(item: T): boolean
}

const rowsAtOnce = 50

const Table = <T extends FhirResource>({ rows, ...props }: ListTableProps<T> & { rows: readonly T[] }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls, and keys must be able to scroll it
  <section className="table-scroll" tabIndex={0} aria-label={props.label}>
    <table>
      <thead>
        <tr>
          {props.columns.map(({ head }) => (
            <th key={head} scope="col">
              {head}
            </th>
          ))}
          <th scope="col">
            <span className="visually-hidden">Raw</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((item) => (
          <tr key={item.id}>
            {props.columns.map(({ head, cell }) => (
              <td key={head}>{cell(item)}</td>
            ))}
            <td className="row-actions">
              <RawButton type={props.type} id={item.id} what={props.name(item)} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </section>
)

interface FootProps {
  shown: number
  loaded: number
  snapshot: Snapshot<unknown>
  what: string
  more: () => void
}

const Foot = ({ shown, loaded, snapshot, what, more }: FootProps) => {
  const whole = snapshot.total ?? (snapshot.next ? undefined : loaded)
  const busy = snapshot.state === 'loading'
  return (
    <div className="list-foot">
      <span role="status">
        {busy
          ? `Loading more ${what}…`
          : `${shown} of ${whole === undefined ? 'more' : Math.max(whole, shown)} ${what}`}
      </span>
      {(shown < loaded || snapshot.next) && (
        <button type="button" className="button small" disabled={busy} onClick={more}>
          Show more
        </button>
      )}
    </div>
  )
}

/** A list of resources as a table: it pages, and says what it is doing. */
export const ListTable = <T extends FhirResource>(props: ListTableProps<T>) => {
  const { collection, what, only } = props
  const whole = useCollection(collection)
  const snapshot = only ? { ...whole, total: undefined } : whole
  const [limit, setLimit] = useState(rowsAtOnce)
  const rows = only ? snapshot.items.filter(only) : snapshot.items
  const more = (): void => {
    setLimit(limit + rowsAtOnce)
    if (rows.length <= limit + rowsAtOnce && snapshot.next) collection.more()
  }
  const waiting = snapshot.state === 'idle' || (snapshot.state === 'loading' && rows.length === 0)
  if (waiting) return <Loading what={what} />
  return (
    <>
      {rows.length > 0 && <Table {...props} rows={rows.slice(0, limit)} />}
      {rows.length === 0 && snapshot.state === 'ready' && <Empty>{props.empty}</Empty>}
      {snapshot.state === 'failed' && <Failed what={what} error={snapshot.error} retry={collection.more} />}
      {rows.length > 0 && snapshot.state !== 'failed' && (
        <Foot
          shown={Math.min(limit, rows.length)}
          loaded={rows.length}
          snapshot={snapshot}
          what={what}
          more={more}
        />
      )}
    </>
  )
}
