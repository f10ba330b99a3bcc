import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { BrokerError } from '@nac-broker/client'
import { encodeFrame } from '@nac-broker/protocol'
import { systemClock } from '@nac-broker/supervisor'
import { pack } from 'msgpackr'
import type { HostKind } from '../../packages/chaos-tests/src/supervised-lab.fixture.ts'
import { CALLS, callsInFlight, type CallsInFlight } from '../calls-in-flight.ts'
import { requireNonce } from '../nonce.ts'
import { startProgram } from '../program.ts'
import type { Question, Row, Table } from '../question.ts'
import { repeat } from '../samples.ts'

const KILLS = { thread: 'thread terminated', process: 'process SIGKILLed' } as const
const KNOWS = 'kill, to the client knows'
const KNOWS_BAR = 'p99 at most 10'

export const brokerKilled: Question = {
  name: 'broker-killed',
  asks: 'How soon does a client know that its broker is dead, and what becomes of its calls then?',
  beside: 'a bare echo server in Node that is killed',
  ofCrash: true,
  async measure({ quick }) {
    const times = quick ? 1 : 50
    return [await table('thread', times), await table('process', times)]
  },
}

async function table(host: HostKind, times: number): Promise<Table> {
  const aborted = await repeat(times, () => underAbort(host))
  const restarted = await repeat(times, () => underRestart(host))
  return {
    title: `${KILLS[host]}, ${CALLS} calls in flight`,
    unit: 'ms',
    digits: 2,
    rows: [
      { what: `abort: ${KNOWS}`, samples: aborted.map(({ knownMs }) => knownMs), bar: KNOWS_BAR },
      {
        what: 'abort: knows, to the last call has failed',
        samples: aborted.map(({ settledMs }) => settledMs),
        bar: 'at most 10',
      },
      {
        what: `restart: ${KNOWS}`,
        samples: restarted.map(({ knownMs }) => knownMs),
        bar: KNOWS_BAR,
      },
      {
        what: 'restart: knows, to the next broker greets it',
        samples: restarted.map(({ awayMs }) => awayMs),
      },
      {
        what: 'restart: greets, to the last call is with it',
        samples: restarted.map(({ replayedMs }) => replayedMs),
      },
      ...(host === 'process' ? [await bareProcess(times)] : []),
    ],
  }
}

/** What the system takes for itself: it frees a process's memory before it closes its connections. */
async function bareProcess(times: number): Promise<Row> {
  const knownMs = await repeat(times, async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'nac-broker-bench-'))
    const socketPath = path.join(directory, 'echo.sock')
    const server = await startProgram('echo.ts', socketPath)
    const socket = createConnection(socketPath)
    socket.write(encodeFrame(pack({})))
    await once(socket, 'data')
    const killedAtMs = systemClock.now()
    process.kill(server.pid ?? 0, 'SIGKILL')
    await once(socket, 'close')
    const atMs = systemClock.now()
    await server[Symbol.asyncDispose]()
    await rm(directory, { recursive: true })
    return atMs - killedAtMs
  })
  return { what: 'a bare echo server in Node: kill, to its client knows', samples: knownMs }
}

async function underAbort(host: HostKind): Promise<{ knownMs: number; settledMs: number }> {
  await using scene = await callsInFlight(host, 'abort')
  const { lab, standings, calls } = scene
  const killedAtMs = systemClock.now()
  lab.kill()
  const knownAtMs = await standings.becomes('lost')
  const settled = await Promise.all(calls)
  for (const { word, outcome } of settled) {
    const { error = outcome } = outcome as { error?: unknown }
    if (error instanceof BrokerError && error.code === 'BROKER_LOST') continue
    throw new Error(`"show nonce ${word}" did not fail with BROKER_LOST`, { cause: error })
  }
  const settledAtMs = Math.max(...settled.map(({ atMs }) => atMs))
  return { knownMs: knownAtMs - killedAtMs, settledMs: settledAtMs - knownAtMs }
}

async function underRestart(
  host: HostKind,
): Promise<{ knownMs: number; awayMs: number; replayedMs: number }> {
  await using scene = await callsInFlight(host, 'restart')
  const { lab, standings, calls } = scene
  const killedAtMs = systemClock.now()
  lab.kill()
  const knownAtMs = await standings.becomes('lost')
  const greetedAtMs = await standings.becomes('ready')
  const replayedAtMs = await untilReplayed(scene)
  for (const { word, outcome } of await Promise.all(calls)) {
    if (outcome.kind === 'failed') throw outcome.error
    const { answer } = outcome
    requireNonce(answer, word)
    if (answer.generation === 2 && answer.attempts === 2) continue
    throw new Error(`"show nonce ${word}" was not replayed: ${JSON.stringify(answer)}`)
  }
  return {
    knownMs: knownAtMs - killedAtMs,
    awayMs: greetedAtMs - knownAtMs,
    replayedMs: replayedAtMs - greetedAtMs,
  }
}

/** When the next broker has said, on the clock, that all the calls are with it, or were. */
async function untilReplayed({ client, calls }: CallsInFlight): Promise<number> {
  let answered = 0
  for (const call of calls) void call.then(() => answered++)
  for (;;) {
    const { devices } = await client.status()
    const nowMs = systemClock.now()
    const there = devices.map(({ queued, sessions }) => queued + sessions.busy)
    if (there.reduce((sum, each) => sum + each, answered) >= CALLS) return nowMs
  }
}
