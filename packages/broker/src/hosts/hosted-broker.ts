import { flushCompileCache } from 'node:module'
import { loadSsh } from '@nac-broker/devices'
import { asBrokerError, type BrokerEvent, type BrokerStatistics } from '@nac-broker/protocol'
import { Batch, type Clock, systemClock, failpoint } from '@nac-broker/supervisor'
import { pino } from 'pino'
import { type Broker, startBroker } from '../broker.ts'
import { NO_STATISTICS } from '../broker-statistics.ts'
import { wasTold } from '../was-told.ts'
import type { FromHosted, HostedOptions, ToHosted } from './host.ts'

/** The way to the one who launched this broker. */
export interface HostPort {
  post(message: FromHosted): void
  onMessage(listener: (message: ToHosted) => void): void
  /** Lets go of everything that keeps the thread or process alive. */
  close(): void
}

interface Started {
  broker: Broker
  /** Until the broker's last event has been sent over. */
  forwarding: Promise<void>
}

/** What a broker is run with. */
export interface HostedWith {
  clock: Clock
  start: typeof startBroker
}

/** Runs one broker as its launcher says; what a thread or process of a host does from its first line. */
export function runHostedBroker(
  port: HostPort,
  hostedWith: HostedWith = { clock: systemClock, start: startBroker },
): void {
  // Before it is told to start: a broker in reserve has it by then.
  void loadSsh()
  let started: Started | undefined
  let stopping = false
  port.onMessage((message) => {
    switch (message.type) {
      case 'start':
        void start(port, message.options, hostedWith).then((result) => (started = result))
        return
      case 'probe':
        if (started) port.post({ type: 'alive', statistics: started.broker.statistics() })
        return
      case 'status':
        if (started) port.post({ type: 'status', id: message.id, status: started.broker.status() })
        return
      case 'tell':
        started?.broker.tell(message.event)
        return
      case 'stop':
        // Told again, it has less time.
        if (stopping) void started?.broker.close(message)
        else void stop(port, started, message.deadlineMs)
        stopping = true
    }
  })
}

async function start(
  port: HostPort,
  { logLevel, commandEvents, ...options }: HostedOptions,
  { clock, start: startIt }: HostedWith,
): Promise<Started | undefined> {
  failpoint('host.start.told')
  const log = pino({ level: logLevel }, { write: (line) => port.post({ type: 'log', line }) })
  try {
    const report = (counts: BrokerStatistics[]): void => {
      for (const statistics of counts.slice(-1)) port.post({ type: 'alive', statistics })
    }
    const counted = new Batch(report, { ...COUNTS, clock })
    // Whoever launched it logs them for all generations together.
    const onChildProcess = (pid: number): void => port.post({ type: 'child', pid })
    const own = { ...options, clock, log, logStatistics: false, onChildProcess }
    const broker = await startIt(own, (counts) => counted.add(counts))
    const forwarding = forwardEvents(port, broker.events({ commands: commandEvents }), clock)
    failpoint('host.start.ready')
    port.post({ type: 'ready', pid: process.pid })
    // Now, for the next broker: this one may not live to do it at its end.
    flushCompileCache()
    return { broker, forwarding }
  } catch (error) {
    port.post({ type: 'failed', error: asBrokerError(error).toJSON() })
    port.close()
    return undefined
  }
}

/** What a killed broker may leave uncounted; one report for each would cost a cached answer a third of its time. */
const COUNTS = { waitMs: 10, maxItems: 1_000 }

/** Commands come many at once: those of one turn of the loop go together, up to so many. */
const COMMANDS = { waitMs: 0, maxItems: 500 }

async function forwardEvents(
  port: HostPort,
  happening: AsyncIterable<BrokerEvent>,
  clock: Clock,
): Promise<void> {
  const post = (events: BrokerEvent[]): void => port.post({ type: 'events', events })
  const batch = new Batch(post, { ...COMMANDS, clock })
  for await (const event of happening) {
    if (wasTold(event)) continue
    batch.add(event)
    if (event.event !== 'command') batch.flush()
  }
  batch.flush()
}

async function stop(
  port: HostPort,
  started: Started | undefined,
  deadlineMs: number,
): Promise<void> {
  failpoint('host.stop.told')
  const cutOff = (await started?.broker.close({ deadlineMs })) ?? []
  await started?.forwarding
  const statistics = started?.broker.statistics() ?? NO_STATISTICS
  failpoint('host.stop.done')
  port.post({ type: 'stopped', cutOff, statistics })
  port.close()
}
