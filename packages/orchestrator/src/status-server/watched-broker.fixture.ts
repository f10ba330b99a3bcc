import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  superviseBroker,
  type SuperviseBrokerOptions,
  type SupervisedBroker,
} from '@nac-broker/broker'
import { type BrokerClient, connect } from '@nac-broker/client'
import { type Simulator, startSimulator } from '@nac-broker/devices'
import { systemClock } from '@nac-broker/supervisor'
import { BrokerHistory } from '../broker-history.ts'
import { startStatusServer, type StatusServer } from './server.ts'
import type { StatusServerOptions } from './settings.ts'

export interface WatchedBroker extends AsyncDisposable {
  readonly broker: SupervisedBroker
  readonly simulator: Simulator
  readonly server: StatusServer
  readonly client: BrokerClient
  /** Of the status server. */
  url(path: string): string
}

/** Simulated devices, a supervised broker for them, a client, and a status server on a free port. */
export async function startWatchedBroker(
  options: Partial<StatusServerOptions> & {
    devices?: number
    workers?: string[]
    brokerOptions?: SuperviseBrokerOptions
  } = {},
): Promise<WatchedBroker> {
  const { devices = 2, workers = [], brokerOptions, ...settings } = options
  const folder = await mkdtemp(path.join(tmpdir(), 'nac-broker-status-'))
  const testbed = path.join(folder, 'testbed.yaml')
  const simulator = await startSimulator({ devices, latencyMs: 1 })
  await simulator.writeTestbed(testbed)
  const names = simulator.devices.map(({ name }) => name)
  const about = { devices: names, workers, clock: systemClock }
  const server = await startStatusServer({ port: 0, ...settings }, about)
  const socketPath = path.join(folder, 'broker.sock')
  const broker = await superviseBroker({
    testbed,
    socketPath,
    host: 'process',
    ...brokerOptions,
    commandEvents: true,
    onEvent: (event) => server.status.record(event),
  })
  const history = new BrokerHistory(broker, { clock: systemClock, onTurn() {} })
  server.status.follow({ broker, history })
  const client = await connect({ socketPath, crashPolicy: 'restart' })
  return {
    broker,
    simulator,
    server,
    client,
    url: (where) => new URL(where, server.url).href,
    async [Symbol.asyncDispose]() {
      await client.close()
      await broker.close()
      await server[Symbol.asyncDispose]()
      await simulator.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
