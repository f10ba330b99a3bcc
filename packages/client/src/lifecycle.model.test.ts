import { BrokerError, type CrashPolicy, type ErrorCode, type Sent } from '@nac-broker/protocol'
import { VirtualClock, withDeadline } from '@nac-broker/supervisor'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { modelParameters } from '../../supervisor/src/model-parameters.fixture.ts'
import { BrokerCommands } from './broker-commands.ts'
import { Call } from './call.ts'
import { Connection } from './connection.ts'
import type { Answer, DeviceCommands, DirectCommands } from './device-commands.ts'
import type { ClientEvent } from './events.ts'
import type { BrokerLink } from './link.ts'
import { withPolicy } from './policies/chain.ts'
import { GRACE_MS, ScriptedLink } from './scripted-link.fixture.ts'

const CONNECT_MS = 5_000
const RECONNECT_MS = 30_000
const LASTING_MS = 250
const INTERVAL_MS = 500
const TIMEOUT_MS = 1_500

type Outcome =
  | { via: 'broker' | 'direct'; attempts: number; generation: number }
  | { code: ErrorCode; sent: Sent; attempts: number }

interface ModelCall {
  readonly deadline: number
  readonly repeatable: boolean
  attempts: number
  at: 'waiting' | 'broker' | 'settled'
  /** When it fails of its deadline if nothing happens before. */
  settlesAt: number
  outcome: Outcome | undefined
}

type Kind = Connection['state']['kind']

/** What a client should do, by its documented rules and in the plainest way. */
interface Model {
  readonly policy: CrashPolicy
  readonly store: string | null
  readonly random: () => number
  now: number
  kind: Kind
  events: Kind[]
  calls: ModelCall[]
  generation: number
  /** While there is a link: the rules of the heartbeat. */
  heard: { silent: boolean; since: number; unanswered: number | undefined; probeAt: number }
  /** While there is none. */
  search:
    | { doing: 'opening'; timesOutAt: number }
    | { doing: 'pausing'; until: number }
    | { doing: 'preparing' }
    | undefined
  searchEnd: number
  failures: number
  /** When there was a link last, and how many had not lasted since one that had. */
  foundAt: number
  shortLived: number
  givenUp: boolean
  closedWith: ErrorCode
  /** What every call is refused with once it is aborted. */
  abortedWith: ErrorCode
}

interface Opening {
  succeed(link: BrokerLink): void
  fail(error: BrokerError): void
}

interface Real {
  readonly clock: VirtualClock
  readonly store: string | null
  readonly connection: Connection
  readonly commands: DeviceCommands
  readonly events: ClientEvent['event'][]
  readonly openings: Opening[]
  readonly links: ScriptedLink[]
  readonly outcomes: (Outcome | undefined)[]
  readonly givenUp: AbortController
  readonly preparing: { resolve(): void; reject(error: BrokerError): void }[]
  direct: { opened: number; closed: number }
}

// The model.

function enter(model: Model, kind: Kind): void {
  model.kind = kind
  model.events.push(kind)
}

function fail(call: ModelCall, code: ErrorCode): void {
  const { attempts } = call
  call.at = 'settled'
  call.outcome = { code, attempts, sent: attempts > 0 ? 'unknown' : 'no' }
}

function unsettled({ calls }: Model): ModelCall[] {
  return calls.filter(({ at }) => at !== 'settled')
}

function send(model: Model, call: ModelCall): void {
  call.at = 'broker'
  call.attempts++
  call.settlesAt = Math.max(call.deadline + GRACE_MS, model.now + 1)
}

function wait(model: Model, call: ModelCall): void {
  call.at = 'waiting'
  call.settlesAt = Math.max(call.deadline, model.now + 1)
}

function found(model: Model, generation: number): void {
  model.generation = generation
  model.search = undefined
  const { now } = model
  model.foundAt = now
  model.heard = { silent: false, since: now, unanswered: undefined, probeAt: now + INTERVAL_MS }
  enter(model, 'ready')
  for (const call of unsettled(model)) send(model, call)
}

function heard(model: Model): void {
  model.heard.since = model.now
  model.heard.unanswered = undefined
  if (model.kind === 'suspect') enter(model, 'ready')
}

function lost(model: Model): void {
  enter(model, 'lost')
  const restarting = model.policy[0] === 'restart'
  for (const call of unsettled(model)) {
    if (restarting && !call.repeatable && model.store === null) fail(call, 'STORE_UNAVAILABLE')
    else wait(model, call)
  }
  if (!restarting) return exhausted(model)
  enter(model, 'reconnecting')
  if (model.givenUp) return exhausted(model)
  model.failures = 0
  const lasted = model.now - model.foundAt >= LASTING_MS
  const until = model.now + (lasted ? 0 : backoffMs(model, model.shortLived))
  model.shortLived = lasted ? 0 : model.shortLived + 1
  model.searchEnd = until + RECONNECT_MS
  if (lasted) tryAgain(model)
  else model.search = { doing: 'pausing', until }
}

function backoffMs({ random }: Model, failures: number): number {
  return random() * Math.min(500, 20 * 2 ** failures)
}

function tryAgain(model: Model): void {
  const timeoutMs = Math.min(CONNECT_MS, model.searchEnd - model.now)
  model.search = { doing: 'opening', timesOutAt: model.now + timeoutMs }
}

function failedToOpen(model: Model): void {
  const delayMs = backoffMs(model, model.failures++)
  if (model.now + delayMs >= model.searchEnd) exhausted(model)
  else model.search = { doing: 'pausing', until: model.now + delayMs }
}

function exhausted(model: Model): void {
  if (model.policy.at(-1) === 'fallback') model.search = { doing: 'preparing' }
  else aborted(model, 'BROKER_LOST')
}

function aborted(model: Model, code: ErrorCode): void {
  model.search = undefined
  model.abortedWith = code
  enter(model, 'aborted')
  for (const call of unsettled(model)) fail(call, code)
}

function closed(model: Model, code: ErrorCode): void {
  if (model.kind === 'closed') return
  model.search = undefined
  model.closedWith = code
  enter(model, 'closed')
  for (const call of unsettled(model)) fail(call, code)
}

function isLinked({ kind }: Model): boolean {
  return kind === 'ready' || kind === 'suspect'
}

function lostAt({ heard: { since, unanswered } }: Model): number {
  if (unanswered === undefined) return Infinity
  return Math.max(since + TIMEOUT_MS, unanswered + TIMEOUT_MS - INTERVAL_MS / 2)
}

/** Whatever comes due, in its order. */
function passed(model: Model, ms: number): void {
  const end = model.now + ms
  for (;;) {
    const { search } = model
    const due: { at: number; act: () => void }[] = unsettled(model).map((call) => ({
      at: call.settlesAt,
      act: () => fail(call, 'DEADLINE_EXCEEDED'),
    }))
    if (isLinked(model)) {
      due.push({ at: lostAt(model), act: () => lost(model) })
      due.push({ at: model.heard.probeAt, act: () => probed(model) })
    }
    if (search?.doing === 'opening') {
      due.push({ at: search.timesOutAt, act: () => failedToOpen(model) })
    }
    if (search?.doing === 'pausing') due.push({ at: search.until, act: () => tryAgain(model) })
    const next = due.toSorted((a, b) => a.at - b.at)[0]
    if (!next || next.at > end) break
    model.now = Math.max(model.now, next.at)
    next.act()
  }
  model.now = end
}

function probed(model: Model): void {
  const { heard: heart } = model
  if (heart.unanswered !== undefined && model.kind === 'ready') enter(model, 'suspect')
  heart.probeAt = model.now + INTERVAL_MS
  heart.unanswered ??= model.now
  if (!heart.silent) heard(model)
}

function called(model: Model, timeoutMs: number, repeatable: boolean): void {
  const deadline = model.now + timeoutMs
  const call: ModelCall = {
    deadline,
    repeatable,
    attempts: 0,
    at: 'waiting',
    settlesAt: deadline,
    outcome: undefined,
  }
  model.calls.push(call)
  if (isLinked(model)) send(model, call)
  else if (model.kind === 'direct') answeredDirectly(model, call)
  else if (model.kind === 'aborted') fail(call, model.abortedWith)
  else if (model.kind === 'closed') fail(call, model.closedWith)
}

function answeredDirectly({ generation }: Model, call: ModelCall): void {
  call.attempts++
  call.at = 'settled'
  call.outcome = { via: 'direct', attempts: call.attempts, generation }
}

// Reality.

async function run(real: Real, timeoutMs: number, repeatable: boolean): Promise<void> {
  const call = new Call({ timeoutMs }, real.clock)
  const at = real.outcomes.push(undefined) - 1
  const request = { device: 'r1', command: 'clear counters', idempotent: repeatable }
  try {
    const { via, generation } = await real.commands.execute(call, request)
    real.outcomes[at] = { via, generation, attempts: call.attempts }
  } catch (caught) {
    const { code, sent } = call.failure(caught) as BrokerError
    real.outcomes[at] = { code, sent, attempts: call.attempts }
  }
}

function linkOf({ connection: { state } }: Real): ScriptedLink | undefined {
  return 'link' in state ? (state.link as ScriptedLink) : undefined
}

function open(real: Real, generation: number): void {
  const link = new ScriptedLink(generation, real.store)
  real.links.push(link)
  real.openings.at(-1)?.succeed(link)
}

function expectSame(model: Model, real: Real): void {
  expect(real.connection.state.kind).toBe(model.kind)
  expect(real.events).toEqual(model.events)
  expect(real.outcomes).toEqual(model.calls.map(({ outcome }) => outcome))
  expect(real.connection.lost.aborted).toBe(model.events.includes('aborted'))
  // At most one link, and only while it is of use.
  expect(real.links.filter(({ over }) => !over)).toHaveLength(isLinked(model) ? 1 : 0)
}

/** A step that is taken in the model and in reality, after which both must look the same. */
class Step implements fc.AsyncCommand<Model, Real> {
  readonly #name: string
  readonly #when: (model: Model) => boolean
  readonly #model: (model: Model) => void
  readonly #real: (real: Real, model: Model) => void | Promise<void>

  constructor(
    name: string,
    when: (model: Model) => boolean,
    inModel: (model: Model) => void,
    inReality: (real: Real, model: Model) => void | Promise<void>,
  ) {
    this.#name = name
    this.#when = when
    this.#model = inModel
    this.#real = inReality
  }

  check(model: Readonly<Model>): boolean {
    return this.#when(model)
  }

  async run(model: Model, real: Real): Promise<void> {
    await this.#real(real, model)
    await real.clock.advance(0)
    this.#model(model)
    expectSame(model, real)
  }

  toString(): string {
    return this.#name
  }
}

const always = (): boolean => true
const opening = ({ search }: Model): boolean => search?.doing === 'opening'
const preparing = ({ search }: Model): boolean => search?.doing === 'preparing'

const call = (timeoutMs: number, repeatable: boolean): Step =>
  new Step(
    `call(${timeoutMs}${repeatable ? ', repeatable' : ''})`,
    always,
    (model) => called(model, timeoutMs, repeatable),
    (real) => void run(real, timeoutMs, repeatable),
  )

const timePasses = (ms: number): Step =>
  new Step(
    `${ms} ms pass`,
    always,
    (model) => passed(model, ms),
    ({ clock }) => clock.advance(ms),
  )

const answer = new Step(
  'the broker answers',
  (model) => isLinked(model) && !model.heard.silent,
  (model) => {
    heard(model)
    const oldest = model.calls.find(({ at }) => at === 'broker')
    if (!oldest) return
    const { attempts } = oldest
    oldest.at = 'settled'
    oldest.outcome = { via: 'broker', attempts, generation: model.generation }
  },
  (real) => linkOf(real)?.answer(),
)

const die = new Step('the broker dies', isLinked, lost, (real) =>
  linkOf(real)?.close(new BrokerError('BROKER_LOST', 'it died')),
)

const freeze = new Step(
  'the broker freezes',
  isLinked,
  (model) => {
    model.heard.silent = true
  },
  (real) => {
    const link = linkOf(real)
    if (link) link.silent = true
  },
)

const thaw = new Step(
  'the broker thaws',
  isLinked,
  (model) => {
    model.heard.silent = false
  },
  (real) => {
    const link = linkOf(real)
    if (link) link.silent = false
  },
)

const shutDown = new Step(
  'the broker shuts down',
  isLinked,
  (model) => closed(model, 'SHUTTING_DOWN'),
  (real) => linkOf(real)?.close(new BrokerError('SHUTTING_DOWN', 'it shuts down')),
)

/** 1: the next broker. 0: the same one. -1: one that was replaced, and is refused. */
const welcome = (step: number): Step =>
  new Step(
    `a welcome, generation ${step >= 0 ? '+' : ''}${step}`,
    opening,
    (model) => (step < 0 ? failedToOpen(model) : found(model, model.generation + step)),
    (real, model) => open(real, model.generation + step),
  )

const refuse = (code: ErrorCode): Step =>
  new Step(
    `no welcome: ${code}`,
    opening,
    (model) => (code === 'SHUTTING_DOWN' ? closed(model, code) : failedToOpen(model)),
    ({ openings }) => openings.at(-1)?.fail(new BrokerError(code, 'no')),
  )

const giveUp = new Step(
  'given up',
  always,
  (model) => {
    model.givenUp = true
    if (model.search?.doing === 'opening' || model.search?.doing === 'pausing') exhausted(model)
  },
  ({ givenUp }) => givenUp.abort(),
)

const prepared = new Step(
  'direct',
  preparing,
  (model) => {
    model.search = undefined
    enter(model, 'direct')
    for (const waiting of unsettled(model)) answeredDirectly(model, waiting)
  },
  (real) => real.preparing.at(-1)?.resolve(),
)

const unprepared = new Step(
  'no way to go direct',
  preparing,
  (model) => aborted(model, 'CONFIG_INVALID'),
  (real) => real.preparing.at(-1)?.reject(new BrokerError('CONFIG_INVALID', 'no testbed')),
)

const close = new Step(
  'close',
  always,
  (model) => closed(model, 'CANCELLED'),
  (real) => void real.connection.close(),
)

const closeOnWelcome = new Step(
  'a welcome, and a close before it is read',
  opening,
  (model) => closed(model, 'CANCELLED'),
  (real, model) => {
    open(real, model.generation + 1)
    void real.connection.close()
  },
)

// Deadlines end between two milliseconds, so that nothing else happens at the same moment.
const calls = fc
  .tuple(fc.constantFrom(0.5, 80.5, 1_000.5, 10_000.5, 100_000.5), fc.boolean())
  .map(([timeoutMs, repeatable]) => call(timeoutMs, repeatable))

const steps = fc.commands(
  [
    // What makes a long history comes often, what ends one seldom.
    calls,
    calls,
    fc.constant(answer),
    fc.constant(die),
    fc.constantFrom(freeze, freeze, thaw),
    fc.integer({ min: 0, max: 600 }).map(timePasses),
    fc.constantFrom(timePasses(499), timePasses(1_500), timePasses(5_000)),
    fc.constantFrom(welcome(1), welcome(1), welcome(0), welcome(-1)),
    fc.constantFrom(refuse('BROKER_UNAVAILABLE'), refuse('BROKER_BUSY'), refuse('INTERNAL')),
    fc.oneof(
      { weight: 9, arbitrary: fc.constant(prepared) },
      { weight: 1, arbitrary: fc.constant(unprepared) },
    ),
    fc.oneof(
      { weight: 20, arbitrary: fc.integer({ min: 0, max: 40 }).map(timePasses) },
      { weight: 1, arbitrary: fc.constantFrom(close, giveUp, shutDown, timePasses(31_000)) },
      { weight: 1, arbitrary: fc.constantFrom(refuse('SHUTTING_DOWN'), closeOnWelcome) },
    ),
  ],
  { maxCommands: 80, size: 'max' },
)

async function start(
  policy: CrashPolicy,
  store: string | null,
  seed: number,
): Promise<{ model: Model; real: Real }> {
  const clock = new VirtualClock(seed)
  const sameNumbers = new VirtualClock(seed)
  const events: ClientEvent['event'][] = []
  const openings: Opening[] = []
  const preparations: Real['preparing'] = []
  const direct = { opened: 0, closed: 0 }
  const givenUp = new AbortController()
  const connection = new Connection({
    open: ({ timeoutMs, signal }) => {
      const { promise, resolve, reject } = Promise.withResolvers<BrokerLink>()
      openings.push({ succeed: resolve, fail: reject })
      const onTimeout = (): Error => new BrokerError('BROKER_UNAVAILABLE', 'no welcome')
      // A welcome that is there already comes through.
      const onAbort = (): void => reject(signal.reason as Error)
      if (signal.aborted) onAbort()
      else signal.addEventListener('abort', onAbort)
      return withDeadline(promise, { ms: timeoutMs, onTimeout, clock })
    },
    goDirect: async (last) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      preparations.push({ resolve, reject })
      await promise
      direct.opened++
      return { commands: directCommands(last?.generation ?? 0, direct), warning: 'direct' }
    },
    policy,
    connectTimeoutMs: CONNECT_MS,
    reconnectTimeoutMs: RECONNECT_MS,
    heartbeat: { intervalMs: undefined, timeoutMs: undefined },
    givenUp: givenUp.signal,
    clock,
    emit: ({ event }) => events.push(event),
  })
  const commands = withPolicy(new BrokerCommands(connection), policy, connection)
  const real: Real = {
    clock,
    store,
    connection,
    commands,
    events,
    openings,
    links: [],
    outcomes: [],
    givenUp,
    preparing: preparations,
    direct,
  }
  const connecting = connection.connect(undefined)
  open(real, 1)
  await connecting
  const model: Model = {
    policy,
    store,
    random: () => sameNumbers.random(),
    now: 0,
    kind: 'ready',
    events: ['ready'],
    calls: [],
    generation: 1,
    heard: { silent: false, since: 0, unanswered: undefined, probeAt: INTERVAL_MS },
    search: undefined,
    searchEnd: 0,
    failures: 0,
    foundAt: 0,
    shortLived: 0,
    givenUp: false,
    closedWith: 'CANCELLED',
    abortedWith: 'BROKER_LOST',
  }
  return { model, real }
}

function directCommands(generation: number, count: Real['direct']): DirectCommands {
  const say = async (sent: Call): Promise<Answer & { cached: boolean }> => {
    sent.attempts++
    return { output: Buffer.from('direct'), via: 'direct', generation, cached: false }
  }
  return {
    execute: say,
    configure: say,
    connect: async () => {},
    disconnect: async () => {},
    close: async () => {
      count.closed++
    },
  }
}

/** Whatever the history was, nothing is left open in the end, and nobody waits. */
async function expectNothingLeft({
  connection,
  preparing: left,
  clock,
  direct,
  links,
  outcomes,
}: Real) {
  const closing = connection.close()
  left.at(-1)?.resolve()
  await clock.advance(0)
  await closing
  expect(clock.pending).toBe(0)
  expect(outcomes).not.toContain(undefined)
  expect(links.filter(({ over }) => !over)).toEqual([])
  expect(direct.closed).toBe(direct.opened)
}

test('whatever happens in whatever order, a client does what its policy says, and every call settles once and in time', async () => {
  expect.hasAssertions()
  const policy = fc.constantFrom<CrashPolicy>(
    ['restart', 'abort'],
    ['restart', 'fallback'],
    ['fallback'],
    ['abort'],
  )
  const store = fc.constantFrom('run.store', null)
  await fc.assert(
    fc.asyncProperty(
      policy,
      store,
      fc.integer(),
      steps,
      async (...[how, where, seed, commands]) => {
        const { model, real } = await start(how, where, seed)
        await fc.asyncModelRun(() => ({ model, real }), commands)
        await expectNothingLeft(real)
      },
    ),
    modelParameters(),
  )
}, 300_000)
