import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { atPrompt, TestClient } from './shell.fixture.ts'
import { startSimulator } from './simulator.ts'

async function folder() {
  const dir = await mkdtemp(path.join(tmpdir(), 'simulator-'))
  return { dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) }
}

it('starts four devices by default, each with a port and a host key of its own', async () => {
  await using simulator = await startSimulator()
  expect(simulator.devices.map((device) => device.name)).toEqual([
    'sim-1',
    'sim-2',
    'sim-3',
    'sim-4',
  ])
  expect(new Set(simulator.devices.map((device) => device.port)).size).toBe(4)
  expect(new Set(simulator.devices.map((device) => device.hostKey)).size).toBe(4)
})

it('appends JSON lines to the device log, each on disk before the client sees the prompt', async () => {
  await using tmp = await folder()
  const deviceLog = path.join(tmp.dir, 'devices.jsonl')
  const sent = ['a 1'.length, 'a 1000001'.length]
  for (let round = 0; round < 2; round++) {
    await using simulator = await startSimulator({ devices: 2, deviceLog })
    for (const [at, device] of simulator.devices.entries()) {
      await using client = await TestClient.logIn(device)
      const shell = await atPrompt(client, `${device.name}#`)
      await shell.run('show nonce a', `${device.name}#`)
      expect((await entries(deviceLog)).at(-1)).toMatchObject({ event: 'output', bytes: sent[at] })
    }
  }
  const log = await entries(deviceLog)
  const session = ['login', 'command', 'output', 'logout']
  expect(log.map((entry) => entry['event'])).toEqual([
    ...session,
    ...session,
    ...session,
    ...session,
  ])
  expect(log.map((entry) => Object.keys(entry))).toEqual(
    Array.from({ length: 4 }, () => [
      ['at', 'device', 'session', 'event'],
      ['at', 'device', 'session', 'event', 'line'],
      ['at', 'device', 'session', 'event', 'line', 'bytes', 'sha256'],
      ['at', 'device', 'session', 'event', 'reason'],
    ]).flat(),
  )
  expect(log[0]?.['at']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
})

async function entries(file: string): Promise<Record<string, unknown>[]> {
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

it('writes a testbed and the known_hosts file that it names', async () => {
  await using tmp = await folder()
  await using simulator = await startSimulator({ devices: 2, enablePassword: 'more' })
  await simulator.writeTestbed(path.join(tmp.dir, 'lab.yaml'))
  const knownHosts = path.join(tmp.dir, 'lab.known_hosts')
  const testbed: unknown = parse(await readFile(path.join(tmp.dir, 'lab.yaml'), 'utf8'))
  expect(testbed).toMatchObject({
    testbed: {
      credentials: {
        default: { username: 'admin', password: 'admin' },
        enable: { password: 'more' },
      },
    },
    devices: {
      'sim-1': {
        os: 'iosxe',
        connections: {
          cli: {
            protocol: 'ssh',
            ip: '127.0.0.1',
            port: simulator.devices[0]?.port,
            ssh_options: `-o StrictHostKeyChecking=yes -o UserKnownHostsFile=${knownHosts}`,
          },
        },
      },
      'sim-2': { connections: { cli: { port: simulator.devices[1]?.port } } },
    },
  })
  expect(await readFile(knownHosts, 'utf8')).toBe(
    simulator.devices.map(({ port, hostKey }) => `[127.0.0.1]:${port} ${hostKey}\n`).join(''),
  )
})

it('says which file cannot be written', async () => {
  await using tmp = await folder()
  const nowhere = path.join(tmp.dir, 'missing', 'file')
  const why = `there is no directory ${path.dirname(nowhere)}; choose another file`
  await expect(startSimulator({ deviceLog: nowhere })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: `device log ${nowhere} cannot be written: ${why}`,
  })
  await using simulator = await startSimulator({ devices: 1 })
  await expect(simulator.writeTestbed(nowhere)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: `testbed ${nowhere} cannot be written: ${why}`,
  })
})

it('says that it cannot listen', async () => {
  await expect(startSimulator({ host: '192.0.2.1' })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(/sim-\d cannot listen on 192\.0\.2\.1/) as string,
  })
})

it('leaves nothing behind that keeps a process alive, clients in mid-command included', async () => {
  const script = fileURLToPath(new URL('exits-by-itself.fixture.ts', import.meta.url))
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'ignore', 'inherit'] })
  expect(await once(child, 'exit')).toEqual([7, null])
})
