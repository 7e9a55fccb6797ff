import { usePage } from '../page.ts'
import { Icon } from './icon.tsx'

/** Opens a resource as it is on the server. */
export const RawButton = ({ type, id, what }: { type: string; id: string | undefined; what: string }) => {
  const { showRaw } = usePage()
  if (!id) return null
  return (
    <button
      type="button"
      className="button icon-only quiet"
      aria-label={`Raw resource of ${what}`}
      title="Raw resource"
      onClick={() => showRaw(type, id)}
    >
      <Icon name="json" size={16} />
    </button>
  )
}
