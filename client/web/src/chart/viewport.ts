import { useSyncExternalStore } from 'react'
import type { Span } from './data.ts'

/** The stretch of time that all charts of a page show together. */
export interface Viewport {
  whole: Span
  span(): Span
  show(span: Span): void
  subscribe(listener: () => void): () => void
}

/** Returns a viewport that shows the whole. */
export const createViewport = (whole: Span): Viewport => {
  let current = whole
  const listeners = new Set<() => void>()
  return {
    whole,
    span: () => current,
    show: (span) => {
      if (span.from === current.from && span.to === current.to) return
      current = span
      for (const listener of listeners) listener()
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** Returns the span a viewport shows now. */
export const useSpan = (viewport: Viewport): Span => useSyncExternalStore(viewport.subscribe, viewport.span)
