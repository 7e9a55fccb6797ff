import { useState } from 'react'
import type { AuthConfig, DemoUser } from '../config.ts'
import { Icon } from '../ui/icon.tsx'
import type { Session } from './session.ts'

interface SignInProps {
  auth: AuthConfig
  session: Session
  message: string | undefined
}

const DemoUsers = ({ users, choose }: { users: readonly DemoUser[]; choose: (user: DemoUser) => void }) => (
  <section className="demo-users" aria-labelledby="demo-users">
    <h2 id="demo-users">Demonstration users of this local stack</h2>
    <ul>
      {users.map((user) => (
        <li key={user.username}>
          <button type="button" className="button wide" onClick={() => choose(user)}>
            <span>
              Sign in as <strong>{user.username}</strong>
            </span>
            <span className="muted">{user.role}</span>
          </button>
        </li>
      ))}
    </ul>
  </section>
)

/** The page of somebody who is not signed in. */
export const SignIn = ({ auth, session, message }: SignInProps) => {
  const [problem, setProblem] = useState(message)
  const [busy, setBusy] = useState(false)
  const begin = (sign: Promise<void>): void => {
    setBusy(true)
    sign.catch((error: Error) => {
      setBusy(false)
      setProblem(error.message)
    })
  }
  return (
    <main className="sign-in" aria-busy={busy}>
      <div className="sign-in-card">
        <Icon name="flame" size={40} />
        <h1>Pilotlight</h1>
        <p className="muted">A patient’s vitals at a glance.</p>
        {problem && (
          <p role="alert" className="notice bad">
            {problem}
          </p>
        )}
        <button type="button" className="button primary wide" onClick={() => begin(session.signIn())}>
          Sign in
        </button>
        {auth.demoUsers && auth.demoUsers.length > 0 && (
          <DemoUsers users={auth.demoUsers} choose={(user) => begin(session.demoSignIn(user))} />
        )}
      </div>
    </main>
  )
}
