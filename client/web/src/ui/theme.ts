/** Light, dark, or as the system says; remembered in this browser. */
export type Theme = 'system' | 'light' | 'dark'

const key = 'pilotlight.theme'
export const themes: readonly Theme[] = ['system', 'light', 'dark']

/** Returns the theme chosen in this browser. */
export const chosenTheme = (): Theme =>
  themes.find((theme) => theme === localStorage.getItem(key)) ?? 'system'

/** Puts a theme on and remembers it. */
export const wearTheme = (theme: Theme): void => {
  localStorage.setItem(key, theme)
  document.documentElement.dataset.theme = theme
  document.dispatchEvent(new Event('themechange'))
}
