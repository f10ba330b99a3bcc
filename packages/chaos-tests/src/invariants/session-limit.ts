import type { WireFault } from '../proxy/fault-proxy.ts'
import type { Evidence, InjectedFault } from '../schedules/evidence.ts'
import type { Invariant } from './invariant.ts'

export const sessionLimit: Invariant = {
  name: 'session-limit',
  promise:
    'no device ever has more sessions than it may, nor all of them together, in fallback too',
  *violations(evidence) {
    if (isEachItsOwn(evidence)) return
    yield* held(evidence)
    if (!evidence.injected.some(holdsBack)) yield* open(evidence)
  },
}

/** Clients in fallback that have no store know of nobody else's sessions: each has one for each device. */
function isEachItsOwn({ injected, schedule }: Evidence): boolean {
  const isStoreGone = injected.some(({ name }) => name === 'socket-directory-removed')
  return isStoreGone && schedule.policy.endsWith('fallback')
}

/** By those who hold them. */
function* held({ mostHeld, schedule }: Evidence): Generator<string> {
  const { maxSessionsPerDevice: most, maxConnections } = schedule
  if (!mostHeld) return
  for (const [device, many] of mostHeld.byDevice)
    if (many > most) yield `${many} sessions on ${device} were held, not ${most}`
  if (mostHeld.all > maxConnections)
    yield `${mostHeld.all} sessions were held together, not ${maxConnections}`
}

/** By the devices' log. */
function* open({ deviceLog, schedule }: Evidence): Generator<string> {
  const { maxSessionsPerDevice: most, maxConnections } = schedule
  const sessions = new Map<string, number>()
  let all = 0
  for (const { device, session, event } of deviceLog) {
    const change = event === 'login' ? 1 : event === 'logout' ? -1 : 0
    const now = (sessions.get(device) ?? 0) + change
    sessions.set(device, now)
    all += change
    if (change === 1 && now > most)
      yield `${device} had ${now} sessions (its ${session}.), not ${most}`
    if (change === 1 && all > maxConnections)
      yield `all devices together had ${all} sessions, not ${maxConnections}`
  }
}

const HOLD_BACK: readonly WireFault['kind'][] = [
  'latency',
  'slow',
  'sliced',
  'silent',
  'never-close',
]

/** On such a wire a device learns late, or never, that somebody has hung up. */
function holdsBack({ name, args }: InjectedFault): boolean {
  return name === 'device-wire-bad' && HOLD_BACK.includes((args as { wire: WireFault }).wire.kind)
}
