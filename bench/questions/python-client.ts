import { executions } from '../../packages/chaos-tests/src/lab.fixture.ts'
import { pinTo } from '../cores.ts'
import { type Lab, startLab } from '../lab.ts'
import {
  nacTestCheckout,
  type PythonBroker,
  type PythonClient,
  startPythonBroker,
  startPythonClient,
} from '../python-programs.ts'
import type { Question, Table } from '../question.ts'
import { compareRates, type Rated } from '../rates.ts'
import { repeat } from '../samples.ts'

const CLIENTS = 8
const LATENCY_MS = 100

export const pythonClient: Question = {
  name: 'python-client',
  asks: "What does nac-test's own Python client get from the broker, and what from nac-test's own?",
  beside:
    "a server of the same dialect that answers everything with the same JSON; and nac-test's broker, whose devices are stand-ins that answer by themselves",
  async measure({ quick }) {
    const checkout = await nacTestCheckout()
    const tables = []
    for (const processes of [1, CLIENTS])
      tables.push(await cachedCommands(checkout, { processes, quick }))
    return [...tables.flat(), ...(await sharedCommand(checkout, quick))]
  },
}

async function cachedCommands(
  checkout: string,
  { processes, quick }: { processes: number; quick: boolean },
): Promise<Table[]> {
  await using lab = await startLab()
  await using stack = new AsyncDisposableStack()
  const broker = await lab.broker('broker.sock')
  const echo = await lab.server('json-echo.ts', lab.at('json.sock'))
  const theirs = stack.use(await pythonBroker(lab, checkout, 0))
  const calls = (quick ? 100 : 1_000) * processes
  const rated = async (what: string, socket: string, pid: number | undefined): Promise<Rated> => {
    const clients = await startClients(stack, checkout, { socket: lab.at(socket), processes })
    // Into the cache: nac-test's broker executes what several ask at once for each of them.
    await clients[0]?.call(1, 'bench')
    return {
      what,
      units: calls,
      async round() {
        const each = calls / processes
        return spanOf(await Promise.all(clients.map((client) => client.call(each, 'bench'))))
      },
      takers: { clients: clients.map((client) => client.pid), server: [pid] },
    }
  }
  const ours = await rated('cached command through the broker', 'broker.sock', broker.pid)
  const title = `${processes} of nac-test's clients, each with one call at a time`
  const rounds = quick ? 2 : 20
  const limit = await rated('bare JSON echo', 'json.sock', echo.pid)
  const peer = await rated("cached command through nac-test's broker", 'theirs.sock', theirs.pid)
  return [
    ...(await compareRates(limit, ours, { title, unit: 'calls', rounds, bar: 'at least 0.85' })),
    ...(await compareRates(peer, ours, { title, unit: 'calls', rounds, bar: 'over 1' })),
  ]
}

/** All ask for what nobody has asked for yet. */
async function sharedCommand(checkout: string, quick: boolean): Promise<Table[]> {
  await using lab = await startLab({ latencyMs: LATENCY_MS, logged: true })
  await using stack = new AsyncDisposableStack()
  await lab.broker('broker.sock')
  const theirs = stack.use(await pythonBroker(lab, checkout, LATENCY_MS))
  const clientsOf = (socket: string): Promise<PythonClient[]> =>
    startClients(stack, checkout, { socket: lab.at(socket), processes: CLIENTS })
  const [own, other] = [await clientsOf('broker.sock'), await clientsOf('theirs.sock')]
  let rounds = 0
  const ask = async (clients: PythonClient[], nonce: string): Promise<number> =>
    spanOf(await Promise.all(clients.map((client) => client.call(1, nonce))))
  const samples = await repeat(quick ? 3 : 50, async () => {
    const nonce = `round-${++rounds}`
    return { own: await ask(own, nonce), other: await ask(other, nonce) }
  })
  const log = await lab.log()
  const executed = samples.map((_, i) => executions(log, `show nonce round-${i + 1}`))
  const wrong = executed.find((times) => times !== 1)
  if (wrong !== undefined) throw new Error(`a command was executed ${wrong} times`)
  const [us, them] = ['through the broker', "through nac-test's broker"]
  return [
    {
      title: `${CLIENTS} of nac-test's clients ask the same at once, which takes the device ${LATENCY_MS} ms: until all have it`,
      unit: 'ms',
      digits: 1,
      rows: [
        {
          what: us,
          samples: samples.map((each) => each.own),
          bar: `at most ${Math.round(LATENCY_MS * 1.1)}`,
        },
        { what: them, samples: samples.map((each) => each.other) },
      ],
    },
    {
      title: 'How often the device has executed each of these commands',
      unit: 'executions',
      digits: 0,
      rows: [
        { what: us, samples: executed, bar: '1, or this fails' },
        { what: them, samples: await theirs.executions() },
      ],
    },
  ]
}

async function pythonBroker(lab: Lab, checkout: string, latencyMs: number): Promise<PythonBroker> {
  const broker = await startPythonBroker(checkout, lab.at('theirs.sock'), latencyMs)
  if (lab.pinned) pinTo(1, broker.pid)
  return broker
}

async function startClients(
  stack: AsyncDisposableStack,
  checkout: string,
  { socket, processes }: { socket: string; processes: number },
): Promise<PythonClient[]> {
  const starting = Array.from({ length: processes }, async () =>
    stack.use(await startPythonClient(checkout, socket)),
  )
  return Promise.all(starting)
}

function spanOf(spans: readonly { beganAtMs: number; endedAtMs: number }[]): number {
  const began = Math.min(...spans.map(({ beganAtMs }) => beganAtMs))
  return Math.max(...spans.map(({ endedAtMs }) => endedAtMs)) - began
}
