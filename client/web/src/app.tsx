import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import type { Session, SignedIn } from './auth/session.ts'
import { PostBundles } from './bundle/post.tsx'
import { connect } from './fhir/connection.ts'
import { Help } from './help.tsx'
import { LogDrawer } from './log/drawer.tsx'
import type { RequestLog } from './log/log.ts'
import { mayWrite, type Page, PageContext, usePage } from './page.ts'
import { PatientPage } from './patient/page.tsx'
import { type RawAddress, RawResource } from './patient/raw.tsx'
import { parseRoute, patientHash, type Route, sections } from './route.ts'
import { Home } from './search/home.tsx'
import { forgetRecent } from './search/recent.ts'
import { TopBar } from './top-bar.tsx'
import { Announcer } from './ui/announce.tsx'
import { Boundary } from './ui/boundary.tsx'
import { useKeys } from './ui/keys.ts'
import { Empty } from './ui/states.tsx'

const onHash = (listener: () => void): (() => void) => {
  addEventListener('hashchange', listener)
  return () => removeEventListener('hashchange', listener)
}

const useRoute = (): Route => {
  const hash = useSyncExternalStore(onHash, () => location.hash)
  return useMemo(() => parseRoute(hash), [hash])
}

const useShortcuts = (route: Route, toggleLog: () => void, help: () => void): void => {
  const press = useCallback(
    (key: string): boolean => {
      const section = sections[Number(key) - 1]
      if (key === '/') document.getElementById('search')?.focus()
      else if (key === 'h') location.hash = '#/'
      else if (key === 'b') location.hash = '#/post'
      else if (key === 'l') toggleLog()
      else if (key === '?') help()
      else if (section && route.name === 'patient') location.hash = patientHash(route.id, section)
      else return false
      return true
    },
    [route, toggleLog, help],
  )
  useKeys(press)
}

const Main = ({ route }: { route: Route }) => {
  const { user } = usePage()
  if (route.name === 'home') return <Home />
  if (route.name === 'post')
    return mayWrite(user) ? <PostBundles /> : <Empty>You may not post bundles.</Empty>
  if (route.name === 'patient') return <PatientPage key={route.id} id={route.id} section={route.section} />
  return (
    <Empty>
      There is no such page. <a href="#/">All patients</a>
    </Empty>
  )
}

/** After a change of page the focus goes to its beginning, as it would with a new document. */
const useFocusOnPage = (route: Route): React.RefObject<HTMLElement | null> => {
  const main = useRef<HTMLElement>(null)
  const place = route.name === 'patient' ? route.id : route.name
  const first = useRef(place)
  useEffect(() => {
    if (first.current !== place) main.current?.focus({ preventScroll: true })
    first.current = place
    scrollTo(0, 0)
  }, [place])
  return main
}

interface AppProps {
  baseUrl: string
  session: Session
  user: SignedIn
  log: RequestLog
  open: boolean
}

/** The page of somebody who is signed in. */
export const App = ({ baseUrl, session, user, log, open }: AppProps) => {
  const [raw, setRaw] = useState<RawAddress>()
  const [logOpen, setLogOpen] = useState(false)
  const [helpOpen, setHelpOpen] = useState(false)
  const route = useRoute()
  const main = useFocusOnPage(route)
  const page = useMemo<Page>(
    () => ({
      client: connect(baseUrl, session.credentials, log),
      log,
      user,
      showRaw: (type, id) => setRaw({ type, id }),
    }),
    [baseUrl, session, log, user],
  )
  const toggleLog = useCallback(() => setLogOpen((before) => !before), [])
  const help = useCallback(() => setHelpOpen(true), [])
  const signOut = (): void => {
    forgetRecent(user.id)
    session.signOut()
  }
  useShortcuts(route, toggleLog, help)
  return (
    <PageContext value={page}>
      <button type="button" className="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <TopBar logOpen={logOpen} toggleLog={toggleLog} help={help} signOut={open ? undefined : signOut} />
      <main ref={main} id="main" tabIndex={-1}>
        <Boundary place={JSON.stringify(route)}>
          <Main route={route} />
        </Boundary>
      </main>
      {logOpen && <LogDrawer close={toggleLog} />}
      <Boundary place={raw ? `${raw.type}/${raw.id}` : ''}>
        {raw && <RawResource key={`${raw.type}/${raw.id}`} address={raw} close={() => setRaw(undefined)} />}
      </Boundary>
      {helpOpen && <Help close={() => setHelpOpen(false)} />}
      <Announcer />
    </PageContext>
  )
}
