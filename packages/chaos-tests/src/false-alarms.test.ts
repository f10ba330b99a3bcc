import { expect, it } from 'vitest'
import { holdUpBroker, holdUpClient, holdUpSupervisor } from './false-alarms.fixture.ts'
import type { HostKind } from './supervised-lab.fixture.ts'

const HOSTS: HostKind[] = ['thread', 'process']
const HEARTBEATS = [
  { heartbeatIntervalMs: 500, heartbeatTimeoutMs: 1_500 },
  // Much longer than the timeout are we away ourselves.
  { heartbeatIntervalMs: 100, heartbeatTimeoutMs: 300 },
]

it.each(HEARTBEATS)(
  'a client whose own loop was blocked for a second does not blame the broker (timeout $heartbeatTimeoutMs ms)',
  async (heartbeat) => {
    expect((await holdUpClient(heartbeat)).alarms).toEqual([])
  },
)

it.each(HOSTS.flatMap((host) => HEARTBEATS.map((heartbeat) => ({ host, ...heartbeat }))))(
  'a supervisor whose own loop was blocked for a second does not blame the broker in a $host (timeout $heartbeatTimeoutMs ms)',
  async ({ host, ...heartbeat }) => {
    expect((await holdUpSupervisor(host, heartbeat)).alarms).toEqual([])
  },
)

it.each(HOSTS)('a broker in a %s whose loop was blocked for a second is not lost', async (host) => {
  expect((await holdUpBroker(host)).alarms).toEqual([])
})
