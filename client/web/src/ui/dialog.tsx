import { useEffect, useId, useRef } from 'react'
import { Icon } from './icon.tsx'

interface DialogProps {
  title: string
  close: () => void
  /** A sheet stands at the side and keeps the page in sight. */
  sheet?: boolean
  children: React.ReactNode
}

/** A modal dialog: the browser keeps the focus inside and gives it back. */
export const Dialog = ({ title, close, sheet = false, children }: DialogProps) => {
  const dialog = useRef<HTMLDialogElement>(null)
  const heading = useId()
  useEffect(() => {
    dialog.current?.showModal()
    dialog.current?.querySelector<HTMLElement>('[data-first]')?.focus()
  }, [])
  return (
    <dialog
      ref={dialog}
      className={sheet ? 'dialog sheet' : 'dialog'}
      aria-labelledby={heading}
      onClose={close}
    >
      <header className="dialog-head">
        <h2 id={heading}>{title}</h2>
        <button
          type="button"
          className="button icon-only"
          aria-label="Close"
          onClick={() => dialog.current?.close()}
        >
          <Icon name="close" />
        </button>
      </header>
      <div className="dialog-body">{children}</div>
    </dialog>
  )
}
