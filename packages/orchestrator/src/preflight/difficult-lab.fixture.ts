import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  type DeviceLogEntry,
  loadTestbed,
  openSession,
  type Session,
  startSimulator,
} from '@nac-broker/devices'
import { parse, stringify } from 'yaml'

type Written = Record<string, unknown> & { connections: { cli: Record<string, unknown> } }

export interface DifficultLab extends AsyncDisposable {
  testbed: string
  /** What reached the simulated devices. */
  log: DeviceLogEntry[]
}

/** A device of each kind that makes trouble, named by it, and one that makes none: `ok`. */
export async function startDifficultLab(): Promise<DifficultLab> {
  const folder = await mkdtemp(path.join(tmpdir(), 'nac-broker-preflight-'))
  const testbed = path.join(folder, 'testbed.yaml')
  const log: DeviceLogEntry[] = []
  const simulator = await startSimulator({
    devices: 6,
    latencyMs: 0,
    maxSessions: 1,
    deviceLog: (entry) => log.push(entry),
  })
  await simulator.writeTestbed(testbed)
  const session = await occupy(testbed, 'sim-4')
  const silent = await listen(() => {})
  const babbling = await listen((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  const closed = await listen(() => {})
  await closed.close()

  const written = parse(await readFile(testbed, 'utf8')) as { devices: Record<string, Written> }
  const [ok, password, slow, full, changed, unknown] = Object.values(written.devices)
  const ssh = (cli: Record<string, unknown>): unknown => ({ os: 'iosxe', connections: { cli } })
  const devices = {
    ok,
    password: { ...password, credentials: { default: { username: 'admin', password: 'wrong' } } },
    slow,
    full,
    changed,
    unknown: {
      ...unknown,
      connections: {
        cli: { ...unknown?.connections.cli, ssh_options: '-o UserKnownHostsFile=/dev/null' },
      },
    },
    silent: ssh({ ip: '127.0.0.1', port: silent.port }),
    babbling: ssh({ ip: '127.0.0.1', port: babbling.port }),
    closed: ssh({ ip: '127.0.0.1', port: closed.port }),
    nameless: ssh({ host: 'no-such-host.invalid' }),
    secretless: {
      ...(ok as Written),
      credentials: { default: { username: 'admin', password: '%ENV{NO_SUCH_PASSWORD}' } },
    },
    'no-program': ssh({ command: 'no-such-program' }),
    foreign: { os: 'junos', connections: { cli: { ip: '127.0.0.1' } } },
  }
  await writeFile(testbed, stringify({ ...written, devices }, { lineWidth: 0 }))
  const [, , slowDevice, , changedDevice] = simulator.devices
  if (slowDevice) slowDevice.loginLatencyMs = 3_600_000
  changedDevice?.changeHostKey()
  log.length = 0
  return {
    testbed,
    log,
    async [Symbol.asyncDispose]() {
      await session.close()
      await Promise.all([simulator.close(), silent.close(), babbling.close()])
      await rm(folder, { recursive: true })
    },
  }
}

/** Takes the device's only line. */
async function occupy(testbed: string, name: string): Promise<Session> {
  return openSession((await loadTestbed(testbed)).device(name))
}

interface Listening {
  port: number
  close(): Promise<void>
}

async function listen(onSocket: (socket: Socket) => void): Promise<Listening> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    onSocket(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
