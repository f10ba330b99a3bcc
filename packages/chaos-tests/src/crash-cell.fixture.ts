import { type BrokerClient, BrokerError, connect } from '@nac-broker/client'
import { CallJournal, type Outcome } from './call-journal.fixture.ts'
import {
  type HostKind,
  SHORT_PAUSES,
  startSupervisedLab,
  type SupervisedLab,
} from './supervised-lab.fixture.ts'

export const POLICIES = ['abort', 'fallback', 'restart', 'restart,fallback'] as const
export type Policy = (typeof POLICIES)[number]

/** When the broker crashes; the last three want a policy that restarts. */
export const CRASHES = [
  'while idle',
  'in mid-command',
  'in mid-handshake',
  'during the restart',
  'twice in a row',
  'until restarting is given up',
] as const
export type Crash = (typeof CRASHES)[number]

/** What came of it, in words: `done`, `via broker`, `via direct`, or code and `sent` of the error. */
export interface Account {
  /** A client that knew the broker before the crash, but for one in mid-handshake. */
  connect: string
  /** A read on one device and a change on another: in flight, where the crash is in mid-command, else made after it. */
  read: string
  change: string
  /** A change that was acknowledged before the crash, asked for again with its key when all is over. */
  again: string
  /** With which generation there still is a broker, or how there came to be none. */
  ends: string
}

interface Scene {
  readonly lab: SupervisedLab
  readonly journal: CallJournal
  /** It knew the broker before the crash. */
  readonly client: BrokerClient
  /** Another one, which must be given its policy as no broker has told it yet. */
  connect(): Promise<BrokerClient>
}

interface Calls {
  readonly connect: string
  readonly client: BrokerClient
  readonly read: Promise<Outcome>
  readonly change: Promise<Outcome>
}

/** Nothing is late by its deadline: what settles a call is the policy. */
const TIMEOUT_MS = 30_000

/** Time for the next broker to start on a machine that has none to spare. */
const CONNECT_MS = 15_000

/** Has a broker crash, and tells how its clients fared; `violations` are the journal's. */
export async function crashCell(
  crash: Crash,
  policy: Policy,
  host: HostKind,
): Promise<{ account: Account; violations: string[] }> {
  const clock = SHORT_PAUSES
  await using lab = await startSupervisedLab({
    host,
    clock,
    crashPolicy: policy,
    simulator: { devices: 2 },
  })
  await using clients = new AsyncDisposableStack()
  const { socketPath, storePath } = lab.broker
  const setup = {
    socketPath,
    storePath: storePath ?? undefined,
    testbed: lab.testbedPath,
    connectTimeoutMs: CONNECT_MS,
    clock,
  }
  const join = async (crashPolicy?: Policy): Promise<BrokerClient> =>
    clients.use(await connect({ ...setup, crashPolicy, givenUp: lab.givenUp, env: {} }))
  const client = await join()
  const journal = new CallJournal('cell')
  const once = { device: 'sim-2', verb: 'write', timeoutMs: TIMEOUT_MS, key: 'once' } as const
  await journal.call(client, once)
  const calls = await SCRIPTS[crash]({ lab, journal, client, connect: () => join(policy) })
  const account = {
    connect: calls.connect,
    read: inWords(await calls.read),
    change: inWords(await calls.change),
    again: inWords(await journal.call(calls.client, once)),
    ends: fateOf(lab),
  }
  return { account, violations: journal.violations(lab.log) }
}

const SCRIPTS: Record<Crash, (scene: Scene) => Promise<Calls>> = {
  async 'while idle'(scene) {
    const noticed = lossOf(scene.client)
    await crashOnce(scene.lab)
    await noticed
    return call(scene)
  },
  'in mid-command': (scene) => crashInMidCommand(scene, 1),
  async 'in mid-handshake'(scene) {
    const noticed = lossOf(scene.client)
    // It has said hello, and is not welcomed; the client was greeted first.
    await scene.lab.armNow('broker.client.greets=kill@2')
    const crashed = settled(scene.lab)
    const connecting = scene.connect()
    const [connected] = await Promise.allSettled([connecting, crashed, noticed])
    return connected.status === 'fulfilled'
      ? call(scene, connected.value)
      : { ...call(scene), connect: failureInWords(connected.reason) }
  },
  async 'during the restart'(scene) {
    const { lab, client } = scene
    const noticed = lossOf(client)
    const launched = lab.launched()
    const crashed = crashOnce(lab)
    await noticed
    const calls = call(scene)
    await launched
    lab.kill()
    await crashed
    return calls
  },
  'twice in a row': (scene) => crashInMidCommand(scene, 2),
  'until restarting is given up': (scene) => crashInMidCommand(scene, Infinity),
}

/**
 * The read is repeated with every broker, and each is killed while it waits for the answer: so many, or all
 * until restarting is given up.
 */
async function crashInMidCommand(scene: Scene, kills: number): Promise<Calls> {
  const { lab } = scene
  lab.givenUp.addEventListener('abort', () => lab.answerAgain())
  lab.hold(/ nonce /)
  const changing = lab.deviceGets(/^write nonce/)
  let reading = lab.deviceGets(/^show nonce/)
  const calls = call(scene)
  await changing
  for (let kill = 1; kill <= kills && !lab.givenUp.aborted; kill++) {
    await reading
    reading = lab.deviceGets(/^show nonce/)
    if (kill === kills) lab.answerAgain()
    await crashOnce(lab)
  }
  return calls
}

function call({ journal, client: known }: Scene, client = known): Calls {
  const timeoutMs = TIMEOUT_MS
  return {
    connect: 'done',
    client,
    read: journal.call(client, { device: 'sim-1', verb: 'show', timeoutMs }),
    change: journal.call(client, { device: 'sim-2', verb: 'write', timeoutMs }),
  }
}

async function crashOnce(lab: SupervisedLab): Promise<void> {
  const over = settled(lab)
  lab.kill()
  await over
}

/** Resolves when there is another broker, or will be none. */
async function settled(lab: SupervisedLab): Promise<void> {
  const endings = (['listening', 'fallback', 'aborted'] as const).map((event) => lab.next(event))
  await Promise.race(endings)
}

/** Resolves when the client has noticed that its broker is gone. */
async function lossOf(client: BrokerClient): Promise<void> {
  for await (const { event } of client.events()) if (event === 'lost') return
}

function inWords(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'acknowledged':
      return `via ${outcome.result.via}`
    case 'failed':
      return failureInWords(outcome.error)
    case 'pending':
      return 'pending'
  }
}

function failureInWords(error: unknown): string {
  return error instanceof BrokerError ? `${error.code}, sent: ${error.sent}` : String(error)
}

function fateOf({ broker, events }: SupervisedLab): string {
  const { generation } = broker
  const fallback = events.some(({ event }) => event === 'fallback')
  if (!fallback && !broker.lost.aborted) return `generation ${generation}`
  return `${fallback ? 'fallback' : 'aborted'}${generation > 1 ? ' after restarts' : ''}`
}
