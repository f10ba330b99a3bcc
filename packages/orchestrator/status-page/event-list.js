import { byId, element } from './markup.js'

/** As many as one can look through. */
const KEPT = 2_000
const SHOWN = 200

const KINDS = {
  devices: ['session-opened', 'session-closed', 'login-failed'],
  clients: ['client-joined', 'client-left', 'client-direct'],
  workers: ['worker-started', 'worker-retrying', 'worker-ended', 'policy-decision', 'run-finished'],
  broker: [
    'listening',
    'broker-lost',
    'restarting',
    'fallback',
    'aborted',
    'draining',
    'missed',
    'reset',
  ],
  commands: ['command'],
}

/** The newest events first, through the filters. */
export class EventList {
  #events = []

  constructor() {
    const filters = byId('filters')
    filters.addEventListener('input', () => this.show())
    filters.addEventListener('submit', (event) => event.preventDefault())
  }

  take(logged) {
    this.#events.push(logged)
    if (this.#events.length > KEPT * 1.1) this.#events = this.#events.slice(-KEPT)
  }

  clear() {
    this.#events = []
  }

  show() {
    if (byId('hold').checked) return
    const kind = byId('kind').value
    const text = byId('text').value.toLowerCase()
    const shown = []
    for (let index = this.#events.length - 1; index >= 0 && shown.length < SHOWN; index--) {
      const logged = this.#events[index]
      if (isOf(kind, logged.event) && rowText(logged).toLowerCase().includes(text))
        shown.push(logged)
    }
    const list = byId('event-list')
    const key = shown.map(({ id }) => id).join()
    if (list.dataset.key === key) return
    list.dataset.key = key
    list.replaceChildren(...shown.map(row))
  }
}

function isOf(kind, event) {
  if (kind === '') return event.event !== 'command' && event.event !== 'waiting'
  if (kind === 'failures') return isBad(event)
  return KINDS[kind].includes(event.event)
}

function isBad({ event, by, status, code, how, state }) {
  if (['broker-lost', 'login-failed', 'aborted', 'worker-retrying', 'fallback'].includes(event))
    return true
  if (event === 'session-closed') return by === 'device' || by === 'timed-out'
  if (event === 'unit') return state === 'failed'
  if (event === 'worker-ended') return status.startsWith('failed')
  return code !== undefined || how === 'violation'
}

function row(logged) {
  const { at, event } = logged
  return element(
    'li',
    { class: isBad(event) ? 'bad' : '' },
    element('time', { datetime: at }, at.slice(11, 23)),
    element('span', {}, event.event),
    element('span', {}, detail(event)),
  )
}

function rowText({ event }) {
  return `${event.event} ${detail(event)}`
}

/** Whatever an event has, those that come later included. */
function detail(event) {
  return Object.entries(event)
    .filter(([key, value]) => key !== 'event' && (typeof value !== 'object' || value === null))
    .map(
      ([key, value]) => `${key} ${typeof value === 'number' ? Math.round(value * 10) / 10 : value}`,
    )
    .join(', ')
}
