/** How far a load has come. */
export interface Progress {
  done(resources: number): void
  clear(): void
}

const barWidth = 30

/** Returns a bar that redraws itself on a terminal; anywhere else, one that shows nothing. */
export const progressBar = (total: number, out: NodeJS.WriteStream): Progress => {
  const began = performance.now()
  let files = 0
  let resources = 0
  const draw = (): void => {
    const filled = Math.round((files / total) * barWidth)
    const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled)
    const rate = Math.round(resources / Math.max((performance.now() - began) / 1000, 0.001))
    out.write(`\r\x1b[K${bar} ${files}/${total} files, ${resources} resources, ${rate}/s`)
  }
  if (!out.isTTY) return { done: () => {}, clear: () => {} }
  draw()
  return {
    done: (count) => {
      files += 1
      resources += count
      draw()
    },
    clear: () => void out.write('\r\x1b[K'),
  }
}
