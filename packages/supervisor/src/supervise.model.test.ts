import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { modelParameters } from './model-parameters.fixture.ts'
import { supervise } from './supervise.ts'
import { controlledServe } from './supervised.fixture.ts'
import type { RestartPolicy, SupervisionResult } from './supervision.ts'
import { VirtualClock } from './virtual-clock.ts'

/** What a supervision should do, by its documented rules and in the plainest way. */
interface Model {
  readonly restart: RestartPolicy
  readonly random: () => number
  now: number
  phase: 'running' | 'ending' | 'pausing' | 'finished' | 'escalated' | 'cancelled'
  attempt: number
  readyAt: number | undefined
  /** When it was said not to be in health, and for how long it had not been before. */
  unhealthyAt: number | undefined
  unhealthyMs: number
  restartAt: number
  failures: number
  restarts: number[]
  crashes: number[]
}

/** The real thing, on a virtual clock; `result` is set once it is over. */
interface Real {
  readonly clock: VirtualClock
  readonly controller: AbortController
  readonly runs: ReturnType<typeof controlledServe>['runs']
  result: SupervisionResult | undefined
}

const stop = new Error('stop')

function settled(model: Model, how: 'crashed' | 'returned'): void {
  if (model.phase === 'ending') {
    model.phase = 'cancelled'
    return
  }
  const end = model.unhealthyAt ?? model.now
  if (model.readyAt !== undefined && end - model.readyAt - model.unhealthyMs >= 30_000) {
    model.failures = 0
  }
  if (how === 'crashed') model.crashes.push(model.attempt)
  if (how === 'returned' && model.restart !== 'permanent') model.phase = 'finished'
  else if (model.restart === 'temporary') model.phase = 'escalated'
  else {
    model.restarts.push(model.now)
    const recent = model.restarts.filter((at) => at > model.now - 30_000)
    model.phase = recent.length > 5 ? 'escalated' : 'pausing'
    if (model.phase === 'pausing') {
      const boundMs = Math.min(5_000, 100 * 2 ** model.failures++)
      model.restartAt = model.now + boundMs * model.random()
    }
  }
}

function passed(model: Model, ms: number): void {
  model.now += ms
  if (model.phase !== 'pausing' || model.restartAt > model.now) return
  model.phase = 'running'
  model.attempt++
  model.readyAt = undefined
  model.unhealthyAt = undefined
  model.unhealthyMs = 0
}

function expectSame(model: Model, { runs, clock, result }: Real): void {
  const over = ['finished', 'escalated', 'cancelled'].includes(model.phase)
  expect(result?.status).toBe(over ? model.phase : undefined)
  if (over) expect(result?.crashes.map(({ attempt }) => attempt)).toEqual(model.crashes)
  expect(runs).toHaveLength(model.attempt)
  expect(clock.pending).toBe(model.phase === 'pausing' ? 1 : 0)
  const run = runs.at(-1)
  if (model.phase === 'running') expect(run?.signal.aborted).toBe(false)
  if (model.phase === 'ending') expect(run?.signal.reason).toBe(stop)
}

/** A step that is taken in the model and in reality, after which both must look the same. */
class Step implements fc.AsyncCommand<Model, Real> {
  readonly #name: string
  readonly #when: (model: Model) => boolean
  readonly #model: (model: Model) => void
  readonly #real: (real: Real) => void | Promise<void>

  constructor(
    name: string,
    when: (model: Model) => boolean,
    inModel: (model: Model) => void,
    inReality: (real: Real) => void | Promise<void>,
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
    this.#model(model)
    await this.#real(real)
    await real.clock.advance(0)
    expectSame(model, real)
  }

  toString(): string {
    return this.#name
  }
}

const always = (): boolean => true
const serving = ({ phase }: Model): boolean => phase === 'running' || phase === 'ending'

const crash = new Step(
  'crash',
  serving,
  (model) => settled(model, 'crashed'),
  ({ runs }) => runs.at(-1)?.crash(),
)

const cleanReturn = new Step(
  'return',
  serving,
  (model) => settled(model, 'returned'),
  ({ runs }) => runs.at(-1)?.finish(),
)

const ready = new Step(
  'ready',
  always,
  (model) => {
    if (model.phase === 'running') model.readyAt ??= model.now
  },
  ({ runs }) => runs.at(-1)?.ready(),
)

const unhealthy = new Step(
  'unhealthy',
  always,
  (model) => {
    if (model.readyAt !== undefined && serving(model)) model.unhealthyAt ??= model.now
  },
  ({ runs }) => runs.at(-1)?.unhealthy(),
)

const healthy = new Step(
  'healthy',
  always,
  (model) => {
    if (model.unhealthyAt !== undefined) model.unhealthyMs += model.now - model.unhealthyAt
    model.unhealthyAt = undefined
  },
  ({ runs }) => runs.at(-1)?.healthy(),
)

const lateReady = new Step(
  'ready, said by a run that is over',
  ({ attempt }) => attempt > 1,
  () => {},
  ({ runs }) => runs.at(-2)?.ready(),
)

const abort = new Step(
  'abort',
  always,
  (model) => {
    if (model.phase === 'running') model.phase = 'ending'
    if (model.phase === 'pausing') model.phase = 'cancelled'
  },
  ({ controller }) => controller.abort(stop),
)

const timePasses = (ms: number): Step =>
  new Step(
    `${ms} ms pass`,
    always,
    (model) => passed(model, ms),
    ({ clock }) => clock.advance(ms),
  )

const crashed = fc.constant(crash)
const steps = fc.commands(
  [
    // What makes a long history comes often, what ends one seldom.
    ...Array.from({ length: 4 }, () => crashed),
    fc.integer({ min: 0, max: 100 }).map(timePasses),
    fc.constant(timePasses(5_000)),
    fc.constant(timePasses(5_000)),
    fc.integer({ min: 0, max: 35_000 }).map(timePasses),
    fc.constantFrom(timePasses(29_999), timePasses(30_000)),
    fc.constant(ready),
    fc.constant(ready),
    fc.constant(unhealthy),
    fc.constant(unhealthy),
    fc.constant(healthy),
    fc.constant(lateReady),
    fc.oneof({ weight: 2, arbitrary: crashed }, { weight: 1, arbitrary: fc.constant(cleanReturn) }),
    fc.oneof({ weight: 3, arbitrary: crashed }, { weight: 1, arbitrary: fc.constant(abort) }),
  ],
  { maxCommands: 60, size: 'max' },
)

function start(restart: RestartPolicy, seed: number): { model: Model; real: Real } {
  const clock = new VirtualClock(seed)
  const sameNumbers = new VirtualClock(seed)
  const controller = new AbortController()
  const { serve, runs } = controlledServe()
  const real: Real = { clock, controller, runs, result: undefined }
  void supervise('thing', serve, { restart, clock, signal: controller.signal }).then(
    (result) => (real.result = result),
  )
  const model: Model = {
    restart,
    random: () => sameNumbers.random(),
    now: 0,
    phase: 'running',
    attempt: 1,
    readyAt: undefined,
    unhealthyAt: undefined,
    unhealthyMs: 0,
    restartAt: 0,
    failures: 0,
    restarts: [],
    crashes: [],
  }
  return { model, real }
}

test('whatever happens in whatever order, a supervision does what its rules say', async () => {
  expect.hasAssertions()
  const policy = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom<RestartPolicy>('transient', 'permanent') },
    { weight: 1, arbitrary: fc.constant<RestartPolicy>('temporary') },
  )
  await fc.assert(
    fc.asyncProperty(policy, fc.integer(), steps, async (restart, seed, commands) => {
      await fc.asyncModelRun(() => start(restart, seed), commands)
    }),
    modelParameters(),
  )
}, 120_000)
