import { dayText, timeText } from '../../../clinical/time.ts'

/** A date or time as recorded, for the reader's zone; the offset is always visible with a time. */
export const When = ({ at, day = false }: { at: string | undefined; day?: boolean }) =>
  at ? (
    <time dateTime={at} title={day ? timeText(at) : at}>
      {day ? dayText(at) : timeText(at)}
    </time>
  ) : (
    <span className="muted">not recorded</span>
  )
