/** The server says something every half a minute at least; a status that changes, twice a second. */
const SILENCE_MS = 15_000
const EARLIER = 2_000

/**
 * Follows the server's events, for ever: a browser comes back by itself with the last id it has seen, but
 * not from every error. `on` has `status`, `events`, `missed`, `fresh` and `stale`.
 */
export function follow(on) {
  const query = new URLSearchParams({ earlier: String(EARLIER) })
  const token = new URLSearchParams(location.search).get('token')
  if (token !== null) query.set('token', token)
  let source
  let silence
  let stale = false
  let again

  const heard = () => {
    if (stale) on.fresh()
    stale = false
    clearTimeout(silence)
    silence = setTimeout(() => lost('nothing was heard of the server for 15 s'), SILENCE_MS)
  }
  const lost = (why) => {
    clearTimeout(silence)
    if (!stale) on.stale(why)
    stale = true
    // A browser that has given up does not try again.
    if (source.readyState === EventSource.CLOSED) {
      clearTimeout(again)
      again = setTimeout(open, 2_000)
    }
  }
  const take = (name) => {
    source.addEventListener(name, (message) => {
      heard()
      on[name](JSON.parse(message.data))
    })
  }
  const open = () => {
    source = new EventSource(`events?${query}`)
    for (const name of ['status', 'events', 'missed', 'reset']) take(name)
    source.addEventListener('error', () => lost('the server does not answer'))
  }
  open()
}
