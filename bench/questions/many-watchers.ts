import { type BrokerClient, connect } from '@nac-broker/client'
import { systemClock } from '@nac-broker/supervisor'
import { startProgram, type Program } from '../program.ts'
import type { Finished, Order } from '../programs/event-readers.ts'
import type { Question, Row, Table } from '../question.ts'
import { repeat, summarise } from '../samples.ts'
import { cachedCommand } from '../subjects.ts'
import { usageOf } from '../usage.ts'
import { startWatchedRun } from '../watched-run.ts'

const CLIENTS = 100
/** Each command is an event. */
const COMMANDS_PER_SECOND = 1_000
const MEBIBYTE = 2 ** 20
/**
 * Before a round so many are told to the one that does not read, as long as an event's command may be: more than
 * sockets hold, 4 MiB, and than is kept for it after that, 10,000.
 */
const BEFORE = { commands: 20_000, atOnce: 200, text: `show nonce ${'x'.repeat(480)}` }

interface Round {
  /** How long each command took, in microseconds. */
  tookUs: number[]
  perSecond: number
  /** What the run and its clients that follow took of the processors, in milliseconds of a second. */
  cpuMs: { run: number; following: number }
}

type Readers = Program<Order, unknown>

export const manyWatchers: Question = {
  name: 'many-watchers',
  asks: 'Does anybody notice that a hundred clients follow the events of a run, one of which never reads?',
  beside: 'the same commands while nobody follows',
  async measure({ quick }) {
    const { rounds, seconds } = quick ? { rounds: 1, seconds: 1 } : { rounds: 6, seconds: 8 }
    const commands = seconds * COMMANDS_PER_SECOND
    await using run = await startWatchedRun({
      host: 'thread',
      devices: 1,
      latencyMs: 0,
      workers: [{ name: 'w', command: ['sleep', '3600'], instances: { kind: 'one' } }],
    })
    await using readers: Readers = await startProgram<unknown, Order>('event-readers.ts')
    await using client = await connect({ socketPath: run.socketPath })
    const round = await atARate(client, commands, { run: run.pid, following: readers.pid })
    // What is kept of events for who comes back is full then.
    await tellMuch(client)
    await round()
    const before = { usage: await usageOf(run.pid), held: await run.heldBytes() }
    const peaks: number[] = []
    const held: number[] = []
    const pairs = await repeat(rounds, async () => {
      const alone = await round()
      await readers.ask({ what: 'open-unread', url: run.url })
      await tellMuch(client)
      await readers.ask({ what: 'open', url: run.url, clients: CLIENTS - 1 })
      await mark(client, readers, 'begin')
      // What happened before it may come as late.
      await readers.ask({ what: 'await' })
      await readers.ask({ what: 'count', text: '"show nonce bench"' })
      const followed = await round()
      await mark(client, readers, 'end')
      held.push((await run.heldBytes()) - before.held)
      const finished = (await readers.ask({ what: 'finish' })) as Finished
      requireAll(finished, commands)
      peaks.push((await usageOf(run.pid))?.peakMiB ?? Number.NaN)
      return { alone, followed, finished }
    })
    const of = (which: 'alone' | 'followed'): Round[] => pairs.map((pair) => pair[which])
    const ratio = (figure: 'median' | 'p99', bar: string): Row => ({
      what: `${figure}, followed / not, round by round`,
      samples: pairs.map(({ alone, followed }) => {
        return summarise(followed.tookUs)[figure] / summarise(alone.tookUs)[figure]
      }),
      bar,
    })
    return [
      {
        title: `A cached command, ${COMMANDS_PER_SECOND} of them a second`,
        unit: 'microseconds',
        digits: 0,
        rows: [
          { what: 'nobody follows', samples: of('alone').flatMap(({ tookUs }) => tookUs) },
          {
            what: `${CLIENTS} clients follow`,
            samples: of('followed').flatMap(({ tookUs }) => tookUs),
          },
        ],
      },
      {
        title: 'Ratios',
        unit: 'ratio',
        digits: 2,
        rows: [ratio('median', 'median at most 1.2'), ratio('p99', 'median at most 1.5')],
      },
      {
        title: 'Events',
        unit: 'per second, or of a round',
        digits: 0,
        rows: [
          {
            what: 'that happened in a second',
            samples: of('followed').map(({ perSecond }) => perSecond),
          },
          {
            what: 'told as missed, to the one that did not read',
            samples: pairs.map(({ finished }) => finished.missed.late),
          },
        ],
      },
      {
        title: 'What the run holds when the garbage is gone, beside its broker',
        unit: 'MiB',
        digits: 1,
        rows: [
          { what: 'nobody follows', samples: [before.held / MEBIBYTE] },
          {
            what: 'more, at the end of a round, while all still follow',
            samples: held.map((bytes) => bytes / MEBIBYTE),
          },
        ],
      },
      ...(before.usage
        ? [processorTable(of('alone'), of('followed')), peakTable(before.usage.peakMiB, peaks)]
        : []),
    ]
  },
}

function processorTable(alone: readonly Round[], followed: readonly Round[]): Table {
  return {
    title: 'Processor time of a second',
    unit: 'ms',
    digits: 0,
    rows: [
      { what: 'the run, nobody follows', samples: alone.map(({ cpuMs }) => cpuMs.run) },
      {
        what: `the run, ${CLIENTS} clients follow`,
        samples: followed.map(({ cpuMs }) => cpuMs.run),
      },
      {
        what: 'the clients that follow, on the same processors',
        samples: followed.map(({ cpuMs }) => cpuMs.following),
      },
    ],
  }
}

function peakTable(before: number, peaks: readonly number[]): Table {
  return {
    title: 'The most memory that the run ever had, its broker and garbage included',
    unit: 'MiB',
    digits: 1,
    rows: [
      { what: 'before anybody followed', samples: [before] },
      {
        what: 'more, after each round: min is the first, p99 the last',
        samples: peaks.map((peak) => peak - before),
      },
    ],
  }
}

/** One after the other, each when it is due: who is late catches up. */
async function atARate(
  client: BrokerClient,
  commands: number,
  pids: { run: number | undefined; following: number | undefined },
): Promise<() => Promise<Round>> {
  const command = await cachedCommand(client)
  const spentMs = async (pid: number | undefined): Promise<number> =>
    (await usageOf(pid))?.cpuMs ?? Number.NaN
  return async () => {
    const before = { run: await spentMs(pids.run), following: await spentMs(pids.following) }
    const tookUs: number[] = []
    const checks: (() => void)[] = []
    const beganMs = systemClock.now()
    for (let n = 0; n < commands; n++) {
      const earlyMs = beganMs + (n / COMMANDS_PER_SECOND) * 1000 - systemClock.now()
      if (earlyMs > 0) await systemClock.sleep(earlyMs)
      const startedMs = systemClock.now()
      checks.push(await command.once())
      tookUs.push((systemClock.now() - startedMs) * 1000)
    }
    const tookMs = systemClock.now() - beganMs
    for (const check of checks) check()
    const ofASecond = (ms: number): number => (ms / tookMs) * 1000
    const cpuMs = {
      run: ofASecond((await spentMs(pids.run)) - before.run),
      following: ofASecond((await spentMs(pids.following)) - before.following),
    }
    return { tookUs, perSecond: ofASecond(commands), cpuMs }
  }
}

/** As fast as it goes; from the cache, but for the first one. */
async function tellMuch(client: BrokerClient): Promise<void> {
  for (let told = 0; told < BEFORE.commands; told += BEFORE.atOnce)
    // oxlint-disable-next-line no-await-in-loop -- so many at once
    await Promise.all(
      Array.from({ length: BEFORE.atOnce }, () => client.execute('sim-1', BEFORE.text)),
    )
}

/** A command by which they know where they are. */
async function mark(client: BrokerClient, readers: Readers, word: string): Promise<void> {
  await readers.ask({ what: 'seek', text: `show nonce ${word}` })
  await client.execute('sim-1', `show nonce ${word}`, { cache: false })
}

/**
 * Those that read were told of each command; the one that did not was not sent everything, and its own account is
 * complete.
 */
function requireAll({ counted, missed }: Finished, commands: number): void {
  const wrong = counted.find((count) => count !== commands)
  if (wrong !== undefined || missed.reading > 0)
    throw new Error(
      `of ${commands} commands a client was told of ${wrong}; missed: ${missed.reading}`,
    )
  if (missed.late === 0) throw new Error('the client that did not read was sent everything')
}
