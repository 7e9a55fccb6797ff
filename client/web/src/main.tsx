import './styles/base.css'
import './styles/frame.css'
import './styles/patient.css'
import './styles/chart.css'
import './styles/parts.css'
import './styles/forms.css'
import { createRoot, type Root } from 'react-dom/client'
import { App } from './app.tsx'
import { createSession, openSession } from './auth/session.ts'
import { SignIn } from './auth/sign-in.tsx'
import { loadConfig, type PageConfig } from './config.ts'
import { createLog } from './log/log.ts'
import { Failed } from './ui/states.tsx'
import { chosenTheme, wearTheme } from './ui/theme.ts'

const enter = async (root: Root, config: PageConfig): Promise<void> => {
  const { auth } = config
  const askAgain = (message: string | undefined): void => {
    if (auth) root.render(<SignIn auth={auth} session={session} message={message} />)
  }
  const session = auth ? createSession(auth, () => askAgain('The sign-in has ended.')) : openSession()
  let message: string | undefined
  const user = await session.restore().catch((error: Error) => {
    message = error.message
    return undefined
  })
  if (user)
    root.render(
      <App baseUrl={config.fhirBaseUrl} session={session} user={user} log={createLog()} open={!auth} />,
    )
  else askAgain(message)
}

const begin = async (): Promise<void> => {
  const root = createRoot(document.getElementById('page') as HTMLElement)
  try {
    wearTheme(chosenTheme())
    await enter(root, await loadConfig())
  } catch (error) {
    root.render(<Failed what="the page" error={error} retry={() => location.reload()} />)
  }
}

void begin()
