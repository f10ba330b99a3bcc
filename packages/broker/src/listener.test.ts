import { once } from 'node:events'
import { lstat, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { createConnection, createServer } from 'node:net'
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '@nac-broker/supervisor'
import { startBroker } from './broker.ts'
import { listen } from './listener.ts'
import { explicitSocketPlace } from './socket-path.ts'

let directory: string
let socketPath: string

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'nac-broker-test-'))
  socketPath = path.join(directory, 'b.sock')
})

afterEach(() => rm(directory, { recursive: true, force: true }))

async function connects(target: string): Promise<boolean> {
  const socket = createConnection(target)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

it('listens on a socket that only this user may use, and leaves nothing else behind', async () => {
  const listener = await listen(socketPath, systemClock, (socket) => socket.destroy())
  expect((await stat(socketPath)).mode & 0o777).toBe(0o600)
  expect(await readdir(directory)).toEqual(['b.sock'])
  expect(await connects(socketPath)).toBe(true)
  await listener.close()
  expect(await readdir(directory)).toEqual([])
})

it('takes the place of the socket file that a killed broker left', async () => {
  const holder = spawn(process.execPath, [
    '-e',
    `require('node:net').createServer().listen(${JSON.stringify(socketPath)}, () => console.log('up'))`,
  ])
  await once(holder.stdout, 'data')
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  expect((await lstat(socketPath)).isSocket()).toBe(true)
  const listener = await listen(socketPath, systemClock, (socket) => socket.destroy())
  expect(await connects(socketPath)).toBe(true)
  await listener.close()
})

it('leaves the socket file of its successor alone', async () => {
  const old = await listen(socketPath, systemClock, (socket) => socket.destroy())
  await rm(socketPath)
  const successor = await listen(socketPath, systemClock, (socket) => socket.destroy())
  await old.close()
  expect(await connects(socketPath)).toBe(true)
  await successor.close()
})

it('refuses a path where a living broker listens, naming its pid', async () => {
  await using broker = await startBroker({ socketPath })
  await expect(startBroker({ socketPath })).rejects.toMatchObject({
    code: 'SOCKET_IN_USE',
    message: `socket ${socketPath} belongs to the living broker with pid ${process.pid}; stop it or choose another path`,
  })
  expect(await connects(broker.socketPath)).toBe(true)
})

it('refuses a path where something else listens that never answers', async () => {
  const mute = createServer().listen(socketPath)
  await once(mute, 'listening')
  await expect(listen(socketPath, systemClock, (socket) => socket.destroy())).rejects.toMatchObject(
    { code: 'SOCKET_IN_USE' },
  )
  mute.close()
})

it('refuses a path where a file lies that is no socket, and leaves the file alone', async () => {
  await writeFile(socketPath, 'precious')
  await expect(listen(socketPath, systemClock, (socket) => socket.destroy())).rejects.toMatchObject(
    { code: 'SOCKET_PATH_INVALID' },
  )
  expect((await stat(socketPath)).size).toBe('precious'.length)
})

it('refuses a path that is too long before it binds, saying how long it may be', async () => {
  const long = path.join(directory, 'x'.repeat(100))
  await expect(explicitSocketPlace(long)).rejects.toMatchObject({
    code: 'SOCKET_PATH_INVALID',
    message: expect.stringContaining('at most 100 are possible'),
  })
})

it('refuses a directory that does not exist', async () => {
  await expect(explicitSocketPlace(path.join(directory, 'no', 'b.sock'))).rejects.toMatchObject({
    code: 'SOCKET_PATH_INVALID',
    message: expect.stringContaining('does not exist'),
  })
})

it('chooses a directory of its own, with no way in for others, and removes it afterwards', async () => {
  const broker = await startBroker({ env: {} })
  const parent = path.dirname(broker.socketPath)
  expect((await stat(parent)).mode & 0o777).toBe(0o700)
  await broker.close()
  await expect(stat(parent)).rejects.toThrow('ENOENT')
})
