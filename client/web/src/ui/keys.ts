import { useEffect } from 'react'

const key = 'pilotlight.keys'

/** Returns whether single keys are shortcuts; a reader may turn them off. */
export const singleKeys = (): boolean => localStorage.getItem(key) !== 'off'

/** Turns single-key shortcuts on or off, and remembers it. */
export const setSingleKeys = (on: boolean): void => localStorage.setItem(key, on ? 'on' : 'off')

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

const plain = (event: KeyboardEvent): boolean =>
  !event.ctrlKey &&
  !event.metaKey &&
  !event.altKey &&
  !typing(event.target) &&
  !document.querySelector('dialog[open]')

/** Calls `press` for single keys pressed outside of fields and dialogs. */
export const useKeys = (press: (pressed: string) => boolean): void => {
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if (plain(event) && singleKeys() && press(event.key)) event.preventDefault()
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  }, [press])
}
