import { byId, duration, element, inWords, setCells, setText } from './markup.js'

const rows = new Map()
const OPEN = ['waiting', 'running', 'retrying']

/** `now` is the server's time. */
export function showWorkers(workers, now) {
  const none = workers.length === 0
  byId('workers').hidden = none
  byId('to-workers').hidden = none
  if (none) return
  const over = workers.filter(({ state }) => !OPEN.includes(state))
  const counts = new Map()
  for (const { state } of workers) counts.set(state, (counts.get(state) ?? 0) + 1)
  const words = [...counts].map(([state, count]) => `${count} ${inWords(state)}`).join(', ')
  setText(byId('worker-words'), `${over.length} of ${workers.length} are over: ${words}`)
  byId('worker-progress').value = over.length / workers.length
  for (const worker of workers) showWorker(worker, now)
}

function showWorker({ name, state, attempt, commands, since, durationMs, reason }, now) {
  let row = rows.get(name)
  if (!row) {
    row = element('tr', { 'data-worker': name })
    rows.set(name, row)
    byId('worker-rows').append(row)
  }
  row.className = state
  const ms = durationMs ?? (since === undefined ? undefined : Math.max(0, now - Date.parse(since)))
  setCells(row, [
    { text: name },
    { text: inWords(state), kind: `state is-${state}` },
    { text: attempt || '', kind: 'number' },
    { text: commands, kind: 'number' },
    { text: ms === undefined ? '' : duration(ms), kind: 'number' },
    { text: reason ?? '', kind: 'words' },
  ])
}
