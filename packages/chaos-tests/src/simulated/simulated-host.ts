import type { Host } from '@nac-broker/broker'
import { startBroker } from '../../../broker/src/broker.ts'
import type { HostExit } from '../../../broker/src/hosts/host.ts'
import { type HostPort, runHostedBroker } from '../../../broker/src/hosts/hosted-broker.ts'
import type { Surroundings } from '../../../broker/src/surroundings.ts'
import type { Testbed } from '@nac-broker/devices'
import type { SimulatedProcess } from './simulated-process.ts'
import type { SimulatedTime } from './simulated-time.ts'

/** How long a message takes at most, and the end of a process to be noticed, in milliseconds. */
const LONGEST_WAY_MS = 0.3
const EXIT_MS = 2
/** What loading it takes. */
const LOADING_MS = 30

export interface HostSetup {
  readonly time: SimulatedTime
  /** The one that launches brokers. */
  readonly orchestrator: SimulatedProcess
  spawn(): SimulatedProcess
  /** Whether the system starts no process now. */
  isRefused(): boolean
  /** What a broker in this process has around it. */
  surroundings(process: SimulatedProcess): Surroundings
  readonly testbed: Testbed
  readonly env: NodeJS.ProcessEnv
  /** One is told to start. */
  onStarted(broker: HostedProcess): void
}

/** A broker's process, and how it can be made to end. */
export interface HostedProcess {
  readonly process: SimulatedProcess
  end(exit: HostExit): void
  kill(): void
}

/** Hosts brokers in processes of a simulation. */
export function simulatedHost(setup: HostSetup): Host {
  const { time, orchestrator } = setup
  return (onMessage) => {
    const process = setup.spawn()
    const exited = Promise.withResolvers<HostExit>()
    const inbox = inOrder(time, process)
    const outbox = inOrder(time, orchestrator)
    const end = (exit: HostExit): void => {
      if (process.isDead) return
      process.kill()
      time.at(time.now() + EXIT_MS, () => orchestrator.step(() => exited.resolve(exit)))
    }
    if (setup.isRefused()) end({ clean: false, why: "the broker's process: spawn node EAGAIN" })
    let receive: Parameters<HostPort['onMessage']>[0] = () => {}
    const port: HostPort = {
      post: (message) => process.step(() => outbox(() => onMessage(structuredClone(message)))),
      onMessage: (listener) => void (receive = listener),
      close: () => process.step(() => outbox(() => end({ clean: true }))),
    }
    time.at(time.now() + LOADING_MS, () =>
      process.step(() =>
        runHostedBroker(port, {
          clock: process,
          start: (options, onCount) => {
            const { testbed, env } = setup
            return startBroker({ ...options, testbed, env }, onCount, setup.surroundings(process))
          },
        }),
      ),
    )
    inbox.notBefore(time.now() + LOADING_MS)
    const kill = (): void => end({ clean: false, why: "the broker's process ended with SIGKILL" })
    return {
      post(message) {
        if (message.type === 'start') setup.onStarted({ process, end, kill })
        inbox(() => receive(structuredClone(message)))
      },
      exited: exited.promise,
      kill,
    }
  }
}

/** Brings one thing after the other to a process, each after a while. */
function inOrder(
  time: SimulatedTime,
  to: SimulatedProcess,
): ((happen: () => void) => void) & { notBefore(ms: number): void } {
  let lastMs = 0
  const bring = (happen: () => void): void => {
    lastMs = Math.max(lastMs, time.now() + to.random() * LONGEST_WAY_MS)
    time.at(lastMs, () => to.step(happen))
  }
  return Object.assign(bring, { notBefore: (ms: number) => void (lastMs = Math.max(lastMs, ms)) })
}
