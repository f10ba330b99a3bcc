import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { VirtualClock } from '@nac-broker/supervisor'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'

const HOST = '127.0.0.1'

interface Wire {
  readonly proxy: FaultProxy
  readonly clock: VirtualClock
  readonly client: Socket
  /** The other end of it, when there is one. */
  readonly server: Promise<Socket>
}

/** A client that is connected to a server that answers what it is told, through a proxy. */
async function wire(
  kind: 'Unix socket' | 'TCP',
  before?: (proxy: FaultProxy) => void,
): Promise<Wire> {
  const directory = await mkdtemp(path.join(tmpdir(), 'nac-broker-proxy-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const accepted = Promise.withResolvers<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    socket.pipe(socket)
    accepted.resolve(socket)
  })
  const unix = kind === 'Unix socket'
  const [to, at] = [path.join(directory, 'to'), path.join(directory, 'at')]
  server.listen(unix ? { path: to } : { port: 0, host: HOST })
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const clock = new VirtualClock()
  const port = unix ? 0 : (server.address() as AddressInfo).port
  const proxy = await startFaultProxy(
    unix ? { path: at } : { port: 0, host: HOST },
    () => (unix ? { path: to } : { port, host: HOST }),
    clock,
  )
  onTestFinished(() => proxy[Symbol.asyncDispose]())
  before?.(proxy)
  const client = createConnection(unix ? { path: at } : { port: proxy.port, host: HOST })
  client.on('error', () => {})
  await once(client, 'connect')
  onTestFinished(() => void client.destroy())
  return { proxy, clock, client, server: accepted.promise }
}

/** What comes until there are so many bytes. */
function bytesFrom(socket: Socket, many: number): Promise<string> {
  let text = ''
  return new Promise((resolve) => {
    const hear = (piece: Buffer): void => {
      text += piece.toString('latin1')
      if (text.length < many) return
      socket.off('data', hear)
      resolve(text)
    }
    socket.on('data', hear)
  })
}

/** What comes until the connection is closed. */
async function allOf(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (piece: Buffer) => (text += piece.toString('latin1')))
  await closed(socket)
  return text
}

/** However it came about. */
async function closed(socket: Socket): Promise<boolean> {
  if (!socket.closed)
    await new Promise<void>((resolve) => void socket.once('close', () => resolve()))
  return true
}

describe.each(['Unix socket', 'TCP'] as const)('over a %s', (kind) => {
  test('without a fault everything comes through, both ways', async () => {
    const { client } = await wire(kind)
    client.write('as it is')
    expect(await bytesFrom(client, 8)).toBe('as it is')
  })

  test('slices are the same bytes', async () => {
    const { client, proxy } = await wire(kind)
    proxy.suffer({ kind: 'sliced', bytes: 1 })
    client.write('slice by slice')
    expect(await bytesFrom(client, 14)).toBe('slice by slice')
  })

  test.each([
    ['latency', { kind: 'latency', ms: 50 }],
    ['little bandwidth', { kind: 'slow', bytesPerMs: 0.1 }],
  ] as const)('with %s it takes its time', async (_, fault) => {
    const { client, proxy, clock } = await wire(kind)
    proxy.suffer(fault)
    client.write('late')
    const coming = bytesFrom(client, 4)
    while (clock.pending === 0) await new Promise((resolve) => void setImmediate(resolve))
    proxy.mend()
    await clock.advance(50)
    expect(await coming).toBe('late')
  })

  test('in silence nothing comes, and all of it when it is over', async () => {
    const { client, proxy, server } = await wire(kind)
    proxy.suffer({ kind: 'silent' })
    const there = await server
    let heard = false
    there.once('data', () => (heard = true))
    await new Promise<void>((resolve) => void client.write('held back', () => resolve()))
    await new Promise((resolve) => void setImmediate(resolve))
    expect(heard).toBe(false)
    proxy.mend()
    expect(await bytesFrom(client, 9)).toBe('held back')
  })

  test('torn after so many bytes it is reset', async () => {
    const { client, proxy, server } = await wire(kind)
    const there = await server
    proxy.suffer({ kind: 'torn', bytes: 3 })
    client.write('broken')
    const [all] = await Promise.all([allOf(there), closed(client)])
    expect(all).toBe('bro')
  })

  test.each([
    [
      'bytes that mean nothing follow',
      { kind: 'garbage', bytes: 3, towards: 'client' },
      'once\xc1\xc1\xc1',
    ],
    ['it comes again', { kind: 'duplicate' }, 'onceonce'],
  ] as const)('after one answer, and no other, %s', async (_, fault, expected) => {
    const { client, proxy } = await wire(kind)
    proxy.suffer(fault)
    client.write('once')
    expect(await bytesFrom(client, expected.length)).toBe(expected)
    client.write('more')
    expect(await bytesFrom(client, 4)).toBe('more')
  })

  test('bytes that mean nothing go to the server after one question, and no other', async () => {
    const { client, proxy, server } = await wire(kind)
    const there = await server
    proxy.suffer({ kind: 'garbage', bytes: 2, towards: 'server' })
    client.write('once')
    expect(await bytesFrom(there, 6)).toBe('once\xc1\xc1')
    client.write('more')
    expect(await bytesFrom(there, 4)).toBe('more')
  })

  test.each(['client', 'server'] as const)(
    'half-closed, the %s is told that the other end has done, and no other',
    async (towards) => {
      const { client, proxy, server } = await wire(kind)
      const there = await server
      const told = towards === 'client' ? client : there
      const ended = once(told.resume(), 'end')
      proxy.suffer({ kind: 'half-close', towards })
      await ended
      expect([client.readableEnded, there.readableEnded].filter(Boolean)).toHaveLength(1)
    },
  )

  test('after so many bytes, of both directions, the connection is closed', async () => {
    const { client, proxy, server } = await wire(kind)
    const there = await server
    proxy.suffer({ kind: 'limit', bytes: 10 })
    client.write('1234')
    expect(await bytesFrom(client, 4)).toBe('1234')
    client.write('5678')
    const [all] = await Promise.all([allOf(there), closed(client)])
    expect(all).toBe('56')
  })

  test.each(['client', 'server'] as const)(
    'that the %s has closed the other end is told when it is over, and not before',
    async (who) => {
      const { client, proxy, server } = await wire(kind)
      const there = await server
      const [closes, other] = who === 'client' ? [client, there] : [there, client]
      let told = false
      other.resume().once('end', () => (told = true))
      proxy.suffer({ kind: 'never-close' })
      closes.destroy()
      await closed(closes)
      // There and back on another connection: by then it would have been told.
      const { client: second } = await wire(kind)
      second.write('now')
      await bytesFrom(second, 3)
      expect(told).toBe(false)
      proxy.mend()
      expect(await closed(other)).toBe(true)
    },
  )

  test('unanswered, a connection is there and goes nowhere until it is over', async () => {
    const { client, proxy, server } = await wire(kind, (one) => one.suffer({ kind: 'unanswered' }))
    const first = await Promise.race([server, new Promise((resolve) => void setImmediate(resolve))])
    expect(first).toBeUndefined()
    client.write('hello')
    proxy.mend()
    expect(await bytesFrom(client, 5)).toBe('hello')
  })

  test('reset, both ends are closed', async () => {
    const { client, proxy, server } = await wire(kind)
    const there = await server
    proxy.reset()
    expect(await Promise.all([closed(client), closed(there)])).toEqual([true, true])
  })
})
