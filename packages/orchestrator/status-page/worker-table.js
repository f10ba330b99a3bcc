import { byId, duration, inWords, setText } from './markup.js'
import { TableRows } from './table-rows.js'

const rows = new TableRows('worker-rows', 'worker')
const OPEN = ['waiting', 'running', 'retrying']

/** `now` is the server's time. */
export function showWorkers(workers, now) {
  const none = workers.length === 0
  byId('workers').hidden = none
  byId('to-workers').hidden = none
  rows.show(workers, (worker) => cellsOf(worker, now))
  if (none) return
  const over = workers.filter(({ state }) => !OPEN.includes(state))
  const counts = new Map()
  for (const { state } of workers) counts.set(state, (counts.get(state) ?? 0) + 1)
  const words = [...counts].map(([state, count]) => `${count} ${inWords(state)}`).join(', ')
  setText(byId('worker-words'), `${over.length} of ${workers.length} are over: ${words}`)
  byId('worker-progress').value = over.length / workers.length
}

function cellsOf({ name, state, attempt, commands, checkpoints, since, durationMs, reason }, now) {
  const ms = durationMs ?? (since === undefined ? undefined : Math.max(0, now - Date.parse(since)))
  return [
    { text: name },
    { text: inWords(state), kind: `state is-${state}` },
    { text: attempt || '', kind: 'number' },
    { text: commands, kind: 'number' },
    { text: checkpoints, kind: 'number' },
    { text: ms === undefined ? '' : duration(ms), kind: 'number' },
    { text: reason ?? '', kind: 'words' },
  ]
}
