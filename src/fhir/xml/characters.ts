/** https://www.w3.org/TR/xml/#NT-Char — characters that XML cannot hold, not even by their numbers. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const impossible = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/
const allImpossible = new RegExp(impossible, 'g')

/** Returns whether a text holds a character that XML cannot hold. */
export const isImpossible = (text: string): boolean => impossible.test(text)

/** Returns the text with U+FFFD in place of each character that XML cannot hold. */
export const possible = (text: string): string =>
  impossible.test(text) ? text.replace(allImpossible, '\ufffd') : text

/** Returns whether a code point may stand in XML. */
export const isXmlCharacter = (code: number): boolean =>
  code === 0x9 ||
  code === 0xa ||
  code === 0xd ||
  (code >= 0x20 && code <= 0xd7ff) ||
  (code >= 0xe000 && code <= 0xfffd) ||
  (code >= 0x10000 && code <= 0x10ffff)
