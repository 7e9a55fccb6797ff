import { type Flag, flagSign } from '../../../clinical/range.ts'

/** A value out of range: a shape, a word, and a colour last. */
export const FlagMark = ({ flag, short = false }: { flag: Flag; short?: boolean }) => (
  <span
    className={`flag ${flag.level}${flag.critical ? ' critical' : ''}`}
    title={`${flag.word}: ${flag.because}`}
  >
    <span aria-hidden="true">{flagSign[flag.level]}</span>
    {short && !flag.critical ? (
      <>
        <span aria-hidden="true">{flag.word[0]}</span>
        <span className="visually-hidden">{flag.word}</span>
      </>
    ) : (
      flag.word
    )}
  </span>
)
