import { showBroker } from './broker-timeline.js'
import { showRates } from './charts.js'
import { showDevices } from './device-table.js'
import { EventList } from './event-list.js'
import { Rates } from './rates.js'
import { State } from './state.js'
import { follow } from './stream.js'
import { showConnection, showSummary } from './summary.js'
import { showWatches } from './watch-table.js'
import { showWorkers } from './worker-table.js'

const state = new State()
const rates = new Rates()
const list = new EventList()
/** How far the server's clock is ahead of this machine's, in milliseconds. */
let aheadMs = 0
let stale = false
let dirty = false

const now = () => Date.now() + aheadMs

function soon() {
  if (dirty) return
  dirty = true
  // Once per frame, however much comes; a page in the background is drawn when it is looked at.
  requestAnimationFrame(() => {
    dirty = false
    show()
  })
}

function show() {
  list.show()
  if (!state.status) return
  showSummary(state, stale)
  showDevices(state.devices)
  showWorkers(state.workers, now())
  showWatches(state.status.watches)
  showBroker(state.status, now())
}

/** Puts into the list what is no event of the run itself. */
function note(event, about) {
  const at = new Date(now()).toISOString()
  list.take({ id: `${event}-${at}`, at, event: { event, ...about } })
  soon()
}

for (const link of document.querySelectorAll('a[data-token]')) link.search = location.search

follow({
  status(frame) {
    state.take(frame)
    aheadMs = Date.parse(frame.at) - Date.now()
    stale = false
    showConnection('live', false)
    soon()
  },
  events(events) {
    for (const logged of events) {
      rates.take(logged)
      list.take(logged)
    }
    soon()
  },
  missed(about) {
    note('missed', about)
  },
  // The server is that of another run: what is told next is all there is.
  reset(about) {
    rates.clear()
    list.clear()
    note('reset', about)
  },
  fresh() {
    stale = false
    showConnection('live', false)
    soon()
  },
  stale(why, heardMs) {
    stale = true
    showConnection(`${standing(heardMs)}: ${why}. Trying again.`, true)
    soon()
  },
})

function standing(heardMs) {
  if (heardMs === undefined) return 'Not connected yet'
  const lastWord = new Date(heardMs + aheadMs).toISOString().slice(11, 19)
  const what = state.status?.run.state === 'finished' ? 'The run is over' : 'Stale'
  return `${what}; what is below is the last that is known, of ${lastWord}`
}

// What only time changes: durations, the timeline, the charts.
setInterval(() => {
  if (!state.status || stale) return
  showRates(rates, now())
  soon()
}, 1_000)
