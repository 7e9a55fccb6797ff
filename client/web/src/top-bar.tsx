import { useState } from 'react'
import { mayWrite, usePage } from './page.ts'
import { SearchBox } from './search/search-box.tsx'
import { Icon, type IconName } from './ui/icon.tsx'
import { chosenTheme, themes, wearTheme } from './ui/theme.ts'

interface ToolProps {
  icon: IconName
  label: string
  press: () => void
  pressed?: boolean
}

const Tool = ({ icon, label, press, pressed }: ToolProps) => (
  <button
    type="button"
    className="button icon-only quiet"
    aria-label={label}
    title={label}
    aria-pressed={pressed}
    onClick={press}
  >
    <Icon name={icon} />
  </button>
)

const ThemeTool = () => {
  const [theme, setTheme] = useState(chosenTheme())
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system'
  const change = (): void => {
    wearTheme(next)
    setTheme(next)
  }
  return <Tool icon="theme" label={`Theme: ${theme}. Change to ${next}`} press={change} />
}

interface TopBarProps {
  logOpen: boolean
  toggleLog: () => void
  help: () => void
  signOut: (() => void) | undefined
}

/** The bar above every page: search, tools, who is signed in. */
export const TopBar = ({ logOpen, toggleLog, help, signOut }: TopBarProps) => {
  const { user } = usePage()
  return (
    <header className="top-bar">
      <a className="brand" href="#/" aria-label="Pilotlight, all patients">
        <Icon name="flame" size={24} />
        <span>Pilotlight</span>
      </a>
      <SearchBox />
      <div className="tools">
        {mayWrite(user) && (
          <a className="button quiet" href="#/post">
            <Icon name="upload" /> <span className="tool-text">Post bundles</span>
          </a>
        )}
        <Tool icon="log" label="Request log" press={toggleLog} pressed={logOpen} />
        <ThemeTool />
        <Tool icon="keyboard" label="Keys" press={help} />
        <span className="who">{user.name}</span>
        {signOut && <Tool icon="out" label={`Sign out ${user.name}`} press={signOut} />}
      </div>
    </header>
  )
}
