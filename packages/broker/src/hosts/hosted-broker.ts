import { asBrokerError } from '@nac-broker/protocol'
import { pino } from 'pino'
import { type Broker, startBroker } from '../broker.ts'
import { NO_STATISTICS } from '../broker-statistics.ts'
import type { FromHosted, HostedOptions, ToHosted } from './host.ts'

/** The way to the one who launched this broker. */
export interface HostPort {
  post(message: FromHosted): void
  onMessage(listener: (message: ToHosted) => void): void
  /** Lets go of everything that keeps the thread or process alive. */
  close(): void
}

/** Runs one broker as its launcher says; what a thread or process of a host does from its first line. */
export function runHostedBroker(port: HostPort): void {
  let broker: Broker | undefined
  let stopping = false
  port.onMessage((message) => {
    switch (message.type) {
      case 'start':
        void start(port, message.options).then((started) => (broker = started))
        return
      case 'probe':
        if (broker) port.post({ type: 'alive', statistics: broker.statistics() })
        return
      case 'status':
        if (broker) port.post({ type: 'status', id: message.id, status: broker.status() })
        return
      case 'stop':
        // Told again, it has less time.
        if (stopping) void broker?.close(message)
        else void stop(port, broker, message.deadlineMs)
        stopping = true
    }
  })
}

async function start(
  port: HostPort,
  { logLevel, ...options }: HostedOptions,
): Promise<Broker | undefined> {
  const log = pino({ level: logLevel }, { write: (line) => port.post({ type: 'log', line }) })
  try {
    const broker = await startBroker({ ...options, log })
    void forwardEvents(port, broker)
    port.post({ type: 'ready', pid: process.pid })
    return broker
  } catch (error) {
    port.post({ type: 'failed', error: asBrokerError(error).toJSON() })
    port.close()
    return undefined
  }
}

async function forwardEvents(port: HostPort, broker: Broker): Promise<void> {
  for await (const event of broker.events()) port.post({ type: 'event', event })
}

async function stop(port: HostPort, broker: Broker | undefined, deadlineMs: number): Promise<void> {
  const cutOff = (await broker?.close({ deadlineMs })) ?? []
  const statistics = broker?.statistics() ?? NO_STATISTICS
  port.post({ type: 'stopped', cutOff, statistics })
  port.close()
}
