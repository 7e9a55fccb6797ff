const paths = {
  search:
    'M11 4a7 7 0 1 0 4.2 12.6l4.1 4.1 1.4-1.4-4.1-4.1A7 7 0 0 0 11 4Zm0 2a5 5 0 1 1 0 10 5 5 0 0 1 0-10Z',
  close: 'm6.4 5 5.6 5.6L17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.6L6.4 19 5 17.6l5.6-5.6L5 6.4z',
  json: 'M9 4v2H7.5v4.2L5.9 12l1.6 1.8V18H9v2H5.5v-5.4L3 12l2.5-2.6V4zm6 0h3.5v5.4L21 12l-2.5 2.6V20H15v-2h1.5v-4.2l1.6-1.8-1.6-1.8V6H15z',
  plus: 'M11 4h2v7h7v2h-7v7h-2v-7H4v-2h7z',
  edit: 'm16.5 3.5 4 4L8 20H4v-4zm0 2.8L6 16.8V18h1.2L17.7 7.5z',
  upload: 'M12 3 6.5 8.5l1.4 1.4L11 6.8V16h2V6.8l3.1 3.1 1.4-1.4zM4 15v6h16v-6h-2v4H6v-4z',
  log: 'M4 5h16v2H4zm0 6h16v2H4zm0 6h10v2H4z',
  theme: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Zm0 2v14a7 7 0 0 0 0-14Z',
  keyboard: 'M3 6h18v12H3zm2 2v8h14V8zm2 1.500h2v2H7zm4 0h2v2h-2zm4 0h2v2h-2zM8 13h8v2H8z',
  out: 'M4 4h9v2H6v12h7v2H4zm11.500 4 4.500 4-4.500 4-1.300-1.500L16.500 13H9v-2h7.500l-2.300-1.500z',
  retry: 'M12 5a7 7 0 1 1-6.700 5H7.400a5 5 0 1 0 1.200-2L11 10.500H4v-7l3.100 3.100A7 7 0 0 1 12 5Z',
  warning: 'M12 3 1.500 21h21zm0 4 7 12H5zm-1 4v4h2v-4zm0 5v2h2v-2z',
  check: 'm9.500 16.200-4.200-4.200-1.400 1.400 5.600 5.600L21 7.500l-1.400-1.400z',
  chevron: 'm9 5 7 7-7 7-1.400-1.400L13.200 12 7.600 6.400z',
} as const

export type IconName = keyof typeof paths | 'flame'

const Flame = () => (
  <>
    <path
      d="M12 1.500c.8 4.500 7 6.800 7 13.500a7 7 0 0 1-14 0c0-3 1.500-4.500 3-6.800.8 1.500 1.500 2.300 2.300 2.300.7-3-.1-6 1.700-9z"
      fill="var(--flame)"
    />
    <path d="M12 12.800c.8 2.200 3 3 3 6a3 3 0 0 1-6 0c0-2.200 2.200-3 3-6z" fill="var(--accent)" />
  </>
)

/** A sign beside words; it says nothing to a screen reader, the words do. */
export const Icon = ({ name, size = 18 }: { name: IconName; size?: number }) => (
  <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false" className="icon">
    {name === 'flame' ? <Flame /> : <path d={paths[name]} fill="currentColor" fillRule="evenodd" />}
  </svg>
)
