import { byId, element, setText } from './markup.js'

const BROKER = {
  starting: { words: 'Starting', tone: 'calm' },
  up: { words: 'Broker up', tone: 'good' },
  lost: { words: 'Broker lost', tone: 'bad' },
  fallback: { words: 'No broker: clients work directly', tone: 'warning' },
  ended: { words: 'Broker ended', tone: 'calm' },
}
const RESULT_TONES = { COMPLETE: 'good', PARTIAL: 'warning' }
const FAILED = ['failed', 'failed-to-stop']

/** What matters most, above everything else. `isStale`: it is of what was. */
export function showSummary(state, isStale) {
  const { run, broker, watches } = state.status
  const of = (what, all) => ({
    what,
    failed: all.filter((one) => FAILED.includes(one.state)).length,
  })
  const troubles = [of('device', state.devices), of('worker', state.workers), of('watch', watches)]
  const [devices, workers, watched] = troubles
  const trouble = wordsOf(troubles)
  const { words, tone } = standing(run, broker)
  const headline = trouble === '' ? words : `${words}: ${trouble}`
  setText(byId('headline'), headline)
  const sign = trouble === '' && tone !== 'bad' ? '' : '✖ '
  const title = trouble === '' ? words : `${trouble}, ${words}`
  document.title = `${isStale ? 'Stale: ' : ''}${sign}${title}, nac-broker`
  byId('summary').className = isStale || (tone === 'good' && trouble !== '') ? 'bad' : tone
  const { sessions, clients = 0 } = broker.status ?? {}
  showCounts([
    { ...devices, count: state.devices.length, what: 'devices' },
    { ...workers, count: state.workers.length, what: 'workers' },
    { ...watched, count: watches.length, what: 'watched' },
    { count: sessions ? `${sessions.open} of ${sessions.max}` : '-', what: 'sessions' },
    { count: clients, what: clients === 1 ? 'client' : 'clients' },
    { count: broker.restarts, what: broker.restarts === 1 ? 'restart' : 'restarts' },
  ])
}

function standing(run, broker) {
  if (run.state !== 'finished') return BROKER[broker.state]
  return { words: `Run over: ${run.result}`, tone: RESULT_TONES[run.result] ?? 'bad' }
}

/** `1 device, 2 workers and 1 watch failed`; nothing where nothing has. */
function wordsOf(troubles) {
  const parts = troubles
    .filter(({ failed }) => failed > 0)
    .map(
      ({ failed, what }) => `${failed} ${what}${failed === 1 ? '' : what === 'watch' ? 'es' : 's'}`,
    )
  return parts.length === 0 ? '' : `${listed(parts)} failed`
}

function listed(parts) {
  return new Intl.ListFormat('en-GB').format(parts)
}

function showCounts(counts) {
  const rows = counts
    .filter(({ count, failed }) => failed === undefined || count > 0)
    .map(({ count, what, failed = 0 }) =>
      element(
        'li',
        {},
        element('b', {}, String(count)),
        ` ${what}`,
        ...(failed > 0 ? [', ', element('b', { class: 'failures' }, `✖ ${failed} failed`)] : []),
      ),
    )
  const list = byId('counts')
  const text = rows.map((row) => row.textContent).join()
  if (list.dataset.text !== text) list.replaceChildren(...rows)
  list.dataset.text = text
}

export function showConnection(words, isStale) {
  setText(byId('connection'), words)
  document.body.classList.toggle('stale', isStale)
}
