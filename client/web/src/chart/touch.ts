/** https://www.w3.org/TR/pointerevents3/ — fingers on a chart: one moves the time shown, two zoom it. */

import { type Finger, pinched } from './data.ts'
import type { Viewport } from './viewport.ts'

const share = (surface: HTMLElement, event: PointerEvent): number => {
  const { left, width } = surface.getBoundingClientRect()
  return (event.clientX - left) / width
}

/** Lets fingers on a surface move and zoom a viewport; a mouse and a pen are left to the chart itself. */
export const followFingers = (surface: HTMLElement, viewport: Viewport): void => {
  const fingers = new Map<number, Finger>()
  const take = (id: number, at: number): void => {
    const { from, to } = viewport.span()
    fingers.set(id, { at, holds: from + at * (to - from) })
  }
  const lift = ({ pointerId }: PointerEvent): void => {
    fingers.delete(pointerId)
  }
  surface.addEventListener('pointerdown', (event) => {
    if (event.pointerType !== 'touch' || fingers.size === 2) return
    for (const [id, { at }] of fingers) take(id, at)
    take(event.pointerId, share(surface, event))
  })
  surface.addEventListener('pointermove', (event) => {
    const finger = fingers.get(event.pointerId)
    if (!finger) return
    finger.at = share(surface, event)
    viewport.show(pinched(viewport.span(), viewport.whole, [...fingers.values()]))
  })
  surface.addEventListener('pointerup', lift)
  surface.addEventListener('pointercancel', lift)
}
