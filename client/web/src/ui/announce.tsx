import { useSyncExternalStore } from 'react'

let said = ''
const listeners = new Set<() => void>()

/** Says something to those who do not see the screen change, without moving the focus. */
export const announce = (text: string): void => {
  said = said === text ? `${text}\u00a0` : text
  for (const listener of listeners) listener()
}

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** The place in the page where announcements are read from. */
export const Announcer = () => {
  const text = useSyncExternalStore(subscribe, () => said)
  return (
    <div aria-live="polite" className="visually-hidden">
      {text}
    </div>
  )
}
