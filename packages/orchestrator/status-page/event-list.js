import { byId, element } from './markup.js'

/** Of each kind, and as many of its failures: as many as one can look through. */
const KEPT = 1_000
const SHOWN = 200

const UNITS = { device: 'devices', session: 'devices', worker: 'workers', watch: 'watched' }

const KINDS = {
  devices: ['session-opened', 'session-closed', 'login-failed'],
  clients: ['client-joined', 'client-left', 'client-direct'],
  workers: [
    'worker-started',
    'worker-retrying',
    'worker-ended',
    'policy-decision',
    'checkpoint',
    'run-finished',
  ],
  commands: ['command', 'waiting'],
}
/** Those that are many. */
const COMMANDS = 'commands'

/** The newest events first, through the filters. */
export class EventList {
  /** By kind, failures on their own: however many come of one, those of the others stay. */
  #kept = new Map()
  #taken = 0

  constructor() {
    const filters = byId('filters')
    filters.addEventListener('input', () => this.show())
    filters.addEventListener('submit', (event) => event.preventDefault())
  }

  take({ id, at, event }) {
    const kind = kindOf(event)
    const failed = isBad(event)
    const key = `${kind}, ${failed}`
    const kept = this.#kept.get(key) ?? { kind, failed, events: [] }
    this.#kept.set(key, kept)
    kept.events.push({ id, at, event, failed, order: this.#taken++ })
    if (kept.events.length > KEPT * 1.1) kept.events = kept.events.slice(-KEPT)
  }

  clear() {
    this.#kept.clear()
  }

  show() {
    if (byId('hold').checked) return
    const wanted = byId('kind').value
    const text = byId('text').value.toLowerCase()
    const shown = [...this.#kept.values()]
      .filter((kept) => isWanted(wanted, kept))
      .flatMap(({ events }) => newest(events, text))
      .toSorted((a, b) => b.order - a.order)
      .slice(0, SHOWN)
    const list = byId('event-list')
    const key = shown.map(({ id }) => id).join()
    if (list.dataset.key === key) return
    list.dataset.key = key
    list.replaceChildren(...shown.map(row))
  }
}

function isWanted(wanted, { kind, failed }) {
  if (wanted === '') return kind !== COMMANDS
  return wanted === 'failures' ? failed : kind === wanted
}

/** No more than are shown of all. */
function newest(events, text) {
  const found = []
  for (let index = events.length - 1; index >= 0 && found.length < SHOWN; index--) {
    const logged = events[index]
    logged.text ??= `${logged.event.event} ${detail(logged.event)}`.toLowerCase()
    if (logged.text.includes(text)) found.push(logged)
  }
  return found
}

/** What is told of a unit is with what else is told of it. What no other kind has is of the broker, or of the run. */
function kindOf({ event, kind }) {
  if (event === 'unit') return UNITS[kind] ?? 'broker'
  return Object.keys(KINDS).find((name) => KINDS[name].includes(event)) ?? 'broker'
}

function isBad({ event, by, status, code, how, state }) {
  if (['broker-lost', 'login-failed', 'aborted', 'worker-retrying', 'fallback'].includes(event))
    return true
  if (event === 'session-closed') return by === 'device' || by === 'timed-out'
  if (event === 'unit') return state === 'failed'
  if (event === 'worker-ended') return status.startsWith('failed')
  if (event === 'run-finished') return status !== 'COMPLETE'
  return code !== undefined || how === 'violation'
}

function row({ at, event, failed }) {
  return element(
    'li',
    { class: failed ? 'bad' : '' },
    element('time', { datetime: at }, at.slice(11, 23)),
    element('span', {}, event.event),
    element('span', {}, detail(event)),
  )
}

/** Of a unit what it is and how it fares; of others whatever they have, those that come later included; of what has parts of its own, nothing. */
function detail(event) {
  if (event.event === 'unit') {
    const { unit, state, cause, folded } = event
    const changes = folded === undefined ? '' : `, after ${folded} changes`
    return `${unit} ${state}${cause === undefined ? '' : `: ${cause}`}${changes}`
  }
  return Object.entries(event)
    .filter(([key]) => key !== 'event')
    .map(([key, value]) => [key, words(value)])
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ')
}

function words(value) {
  if (typeof value === 'number') return Math.round(value * 10) / 10
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value.join(' ')
  return typeof value === 'object' && value !== null ? undefined : value
}
