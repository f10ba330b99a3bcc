import { byId, element, setText } from './markup.js'

const HEADLINES = {
  starting: 'Starting',
  up: 'Broker up',
  lost: 'Broker lost',
  fallback: 'No broker: clients work directly',
  ended: 'Broker ended',
}

/** What matters most, above everything else. */
export function showSummary(state) {
  const { run, broker } = state.status
  const over = run.state === 'finished'
  const headline = over ? `Run over: ${run.result}` : HEADLINES[broker.state]
  setText(byId('headline'), headline)
  document.title = `${headline}, nac-broker`
  byId('summary').className = over ? 'over' : broker.state
  const { devices } = state
  const failed = devices.filter((device) => device.state === 'failed').length
  const { sessions, clients = 0 } = broker.status ?? {}
  const counts = [
    [devices.length, 'devices'],
    [failed, 'failed'],
    [sessions ? `${sessions.open} of ${sessions.max}` : '-', 'sessions'],
    [clients, 'clients'],
    [broker.restarts, 'restarts'],
  ]
  const rows = counts.map(([count, what]) =>
    element('li', {}, element('b', {}, String(count)), ` ${what}`),
  )
  const list = byId('counts')
  const text = rows.map((row) => row.textContent).join()
  if (list.dataset.text !== text) list.replaceChildren(...rows)
  list.dataset.text = text
}

export function showConnection(words, stale) {
  setText(byId('connection'), words)
  document.body.classList.toggle('stale', stale)
  if (stale) byId('summary').className = 'stale'
}
