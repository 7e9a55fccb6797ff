import { Component } from 'react'
import { Failed } from './states.tsx'

interface BoundaryProps {
  /** Where the reader is: what failed at one place need not at the next. */
  place: string
  children: React.ReactNode
}

/** Says so where something cannot be shown, and leaves the rest of the page as it is. */
export class Boundary extends Component<BoundaryProps, { error?: unknown }> {
  override state: { error?: unknown } = {}

  static getDerivedStateFromError(error: unknown) {
    return { error }
  }

  override componentDidUpdate(before: BoundaryProps): void {
    if (before.place !== this.props.place && 'error' in this.state) this.setState({ error: undefined })
  }

  override render(): React.ReactNode {
    const { error } = this.state
    if (error === undefined) return this.props.children
    return <Failed what="this page" error={error} retry={() => this.setState({ error: undefined })} />
  }
}
