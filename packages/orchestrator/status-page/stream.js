/** Three times as long as the server is ever silent: it tells the status every five seconds at least. */
const SILENCE_MS = 15_000
const AGAIN_MS = 1_000
const EARLIER = 2_000

/**
 * Follows the server's events, for ever. A connection that fails or says nothing any more is given up for
 * another, which goes on behind the last event that was seen. `on` has `status`, `events`, `missed`, `reset`,
 * `fresh` and `stale`; that one is told why, and when the last word came, by this machine's clock, if one did.
 */
export function follow(on) {
  const token = new URLSearchParams(location.search).get('token')
  let lastEventId = ''
  let heardMs
  let stale = false
  let timer
  let source

  const open = () => {
    const query = new URLSearchParams(lastEventId ? { lastEventId } : { earlier: String(EARLIER) })
    if (token !== null) query.set('token', token)
    source = new EventSource(`events?${query}`)
    for (const name of ['status', 'events', 'missed', 'reset']) take(name)
    source.addEventListener('error', () => lost('the server does not answer'))
    listen()
  }
  const take = (name) => {
    source.addEventListener(name, (message) => {
      heardMs = Date.now()
      if (message.lastEventId) ({ lastEventId } = message)
      if (stale) on.fresh()
      stale = false
      listen()
      on[name](JSON.parse(message.data))
    })
  }
  const listen = () => {
    clearTimeout(timer)
    timer = setTimeout(() => lost('nothing was heard of the server for 15 s'), SILENCE_MS)
  }
  // A browser would come back by itself, but not from every error, and never to a server that is silent.
  const lost = (why) => {
    source.close()
    stale = true
    on.stale(why, heardMs)
    clearTimeout(timer)
    timer = setTimeout(open, AGAIN_MS)
  }
  open()
}
