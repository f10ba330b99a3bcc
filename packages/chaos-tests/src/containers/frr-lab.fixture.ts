import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { getContainerRuntimeClient } from 'testcontainers'
import { writeTestbedFile } from '../../../devices/src/simulator/testbed-file.ts'
import { type FrrDevice, startFrrDevice } from './frr-device.fixture.ts'

export interface FrrLab extends AsyncDisposable {
  /** A device by its name: r1, r2, ... */
  device(name: string): FrrDevice
  /** With their host keys in a known_hosts file beside it. */
  readonly testbedPath: string
}

/** Routers in containers of this image, and a testbed for them. */
export async function startFrrLab(image: string, count: number): Promise<FrrLab> {
  const client = await getContainerRuntimeClient()
  await using started = new AsyncDisposableStack()
  const directory = await mkdtemp(path.join(tmpdir(), 'nac-broker-frr-'))
  started.defer(() => rm(directory, { recursive: true, force: true }))
  const devices: FrrDevice[] = []
  for (const port of await freePorts(count)) {
    const name = `r${devices.length + 1}`
    const device = await startFrrDevice({ client, image, name, port })
    started.defer(() => device.remove())
    devices.push(device)
  }
  const testbedPath = path.join(directory, 'testbed.yaml')
  await writeTestbedFile(testbedPath, {
    host: '127.0.0.1',
    os: 'frr',
    username: 'netops',
    password: 'netops-secret',
    enablePassword: undefined,
    devices,
  })
  const running = started.move()
  return {
    device(name) {
      const found = devices.find((device) => device.name === name)
      if (!found) throw new Error(`the lab has no device ${name}`)
      return found
    },
    testbedPath,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** All at once, so that they differ. An engine gives a restarted container another port than before. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}
