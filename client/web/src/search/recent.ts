/** Patients looked at lately: only their ids are kept, for each user apart, and signing out forgets them. */

const kept = 8
const prefix = 'pilotlight.recent.'

/** Returns the ids of a user's recent patients, the last one first. */
export const recentIds = (user: string): string[] => {
  try {
    const ids: unknown = JSON.parse(localStorage.getItem(prefix + user) ?? '[]')
    return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : []
  } catch {
    return []
  }
}

/** Remembers that a user looked at a patient. */
export const remember = (user: string, id: string): void => {
  const ids = [id, ...recentIds(user).filter((each) => each !== id)].slice(0, kept)
  localStorage.setItem(prefix + user, JSON.stringify(ids))
}

/** Forgets a user's recent patients. */
export const forgetRecent = (user: string): void => localStorage.removeItem(prefix + user)
