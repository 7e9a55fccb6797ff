import { useState } from 'react'
import { Dialog } from './ui/dialog.tsx'
import { setSingleKeys, singleKeys } from './ui/keys.ts'

const keys: readonly (readonly [key: string, what: string])[] = [
  ['/', 'Find a patient'],
  ['↑ ↓ Enter', 'Choose among the patients found'],
  ['1 … 8', 'Sections of the patient’s page'],
  ['h', 'All patients'],
  ['b', 'Post bundles'],
  ['l', 'Request log'],
  ['← →', 'In a chart: measurement by measurement'],
  ['+ − 0', 'In a chart: zoom in, out, all'],
  ['Enter', 'In a chart: open the resource'],
  ['Esc', 'Close'],
  ['?', 'This help'],
]

/** The keys of the page, and a way to turn single keys off. */
export const Help = ({ close }: { close: () => void }) => {
  const [on, setOn] = useState(singleKeys())
  const change = (next: boolean): void => {
    setOn(next)
    setSingleKeys(next)
  }
  return (
    <Dialog title="Keys" close={close}>
      <dl className="keys">
        {keys.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label className="check">
        <input type="checkbox" checked={on} onChange={(event) => change(event.target.checked)} /> Single keys
        are shortcuts
      </label>
    </Dialog>
  )
}
