import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { loadTestbed, openSession } from '@nac-broker/devices'
import { ownerOf } from '@nac-broker/run-store'
import { describe, expect, test } from 'vitest'
import type { BrokerClient } from '../client.ts'
import { untilEvent } from '../scripted-broker.fixture.ts'
import { type DirectLab, startDirectLab } from './direct-lab.fixture.ts'

const CLEAR = 'clear counters'

/** The most sessions that were open at the same time, by the devices' own account. */
function mostSessionsOpen({ log }: DirectLab): number {
  let open = 0
  let most = 0
  for (const { event } of log) {
    if (event === 'login') most = Math.max(most, ++open)
    if (event === 'logout') open--
  }
  return most
}

/** A slot that somebody else holds. */
function takeSlot({ store }: DirectLab): ReturnType<typeof store.ledger.acquire> {
  const limits = { maxPerDevice: 1, maxTotal: 50, deadlineMs: Infinity }
  return store.ledger.acquire({ device: 'sim-1', owner: ownerOf(1), ...limits })
}

/** One that is logged in to a device which has stopped answering. */
async function slowClient(lab: DirectLab): Promise<BrokerClient> {
  const client = await lab.directClient()
  await client.connect('sim-1')
  for (const device of lab.simulator.devices) device.latencyMs = 60_000
  return client
}

describe('a direct client', () => {
  test('reads from what the run has read before, unless told not to', async () => {
    const lab = await startDirectLab()
    const client = await lab.directClient()
    const content = Buffer.from('read before')
    const command = 'show nonce kept'
    await lab.store.outputs.put({ device: 'sim-1', command, epoch: 0, content, ttlMs: 60_000 })
    const kept = { output: 'read before', cached: true, via: 'direct', attempts: 0 }
    await expect(client.execute('sim-1', command)).resolves.toMatchObject(kept)
    const now = { output: 'kept 1', cached: false, attempts: 1 }
    await expect(client.execute('sim-1', command, { cache: false })).resolves.toMatchObject(now)
  })

  test('frees its slot also when it is closed while it gives its session up', async () => {
    const lab = await startDirectLab()
    const client = await lab.directClient()
    await client.connect('sim-1')
    const freed = lab.deviceFreesLine()
    const mine = takeSlot(lab)
    await freed
    await client.close()
    await (await mine).release()
    expect(await lab.store.ledger.leases()).toEqual([])
  })

  test.each([
    ['a change', {}],
    ['a change that may be repeated', { idempotent: true }],
  ])('makes what was read before stale by %s', async (_, options) => {
    const lab = await startDirectLab()
    const client = await lab.directClient()
    await client.execute('sim-1', CLEAR, options)
    expect(await lab.store.epochs.currentEpoch('sim-1')).toBe(2)
  })

  test('makes a change with the same key once, whoever asks', async () => {
    const lab = await startDirectLab()
    const [one, other] = await Promise.all([lab.directClient(), lab.directClient()])
    const first = await one.execute('sim-1', CLEAR, { key: 'once' })
    const second = await other.execute('sim-1', CLEAR, { key: 'once' })
    expect(second).toMatchObject({ output: first.output, attempts: 0 })
    expect(lab.executions(CLEAR)).toBe(1)
    await expect(other.configure('sim-1', ['end'], { key: 'once' })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
  })

  test('records what the device refuses', async () => {
    const lab = await startDirectLab()
    const [one, other] = await Promise.all([lab.directClient(), lab.directClient()])
    const refused = { code: 'COMMAND_REJECTED', sent: 'yes' }
    await expect(one.execute('sim-1', 'frobnicate', { key: 'f' })).rejects.toMatchObject(refused)
    await expect(other.execute('sim-1', 'frobnicate', { key: 'f' })).rejects.toMatchObject(refused)
    expect(lab.executions('frobnicate')).toBe(1)
  })

  test('does not send a change again whose session was lost under it', async () => {
    const lab = await startDirectLab()
    const client = await slowClient(lab)
    const got = lab.deviceGets(CLEAR)
    const change = client.execute('sim-1', CLEAR, { key: 'once' })
    change.catch(() => {})
    await got
    lab.simulator.devices[0]?.dropSessions()
    await expect(change).rejects.toMatchObject({ code: 'SESSION_LOST', sent: 'yes' })
    await expect(client.execute('sim-1', CLEAR, { key: 'once' })).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
    })
    expect(lab.executions(CLEAR)).toBe(1)
  })

  test('repeats a read once whose session was lost under it', async () => {
    const lab = await startDirectLab()
    const client = await slowClient(lab)
    const got = lab.deviceGets('show nonce twice')
    const read = client.execute('sim-1', 'show nonce twice')
    await got
    const [device] = lab.simulator.devices
    if (device) device.latencyMs = 0
    device?.dropSessions()
    await expect(read).resolves.toMatchObject({ output: 'twice 2', attempts: 2 })
    // A device that closes a session may have been reloaded.
    expect(await lab.store.epochs.currentEpoch('sim-1')).toBe(1)
  })

  test('settles at the deadline, and says that the device has got the command', async () => {
    const lab = await startDirectLab()
    const client = await slowClient(lab)
    await expect(client.execute('sim-1', 'show version', { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      sent: 'yes',
    })
  })

  test('lets go of sessions and slots when it is closed, and what is pending rejects', async () => {
    const lab = await startDirectLab()
    const client = await slowClient(lab)
    const got = lab.deviceGets('show version')
    const running = client.execute('sim-1', 'show version')
    const queued = client.execute('sim-1', 'show clock')
    running.catch(() => {})
    queued.catch(() => {})
    await got
    const freed = lab.deviceFreesLine()
    await client.close()
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED', sent: 'yes' })
    await expect(queued).rejects.toMatchObject({ code: 'CANCELLED', sent: 'no' })
    expect(await lab.store.ledger.leases()).toEqual([])
    await freed
  })

  test('lets go of a login that is under way when it is closed', async () => {
    const lab = await startDirectLab()
    // A device that accepts and says nothing.
    await using server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const text = await readFile(lab.testbed, 'utf8')
    await writeFile(lab.testbed, text.replace(/port: \d+/, `port: ${port}`))
    const client = await lab.directClient()
    const login = client.connect('sim-1')
    login.catch(() => {})
    const [socket] = (await once(server, 'connection')) as [Socket]
    const hungUp = once(socket.resume(), 'close')
    await client.close()
    await expect(login).rejects.toMatchObject({ code: 'CANCELLED', sent: 'no' })
    expect(await lab.store.ledger.leases()).toEqual([])
    await hungUp
  })

  test('refuses a line break before anything is recorded', async () => {
    const lab = await startDirectLab()
    const client = await lab.directClient()
    await expect(client.execute('sim-1', 'clear\ncounters')).rejects.toMatchObject({
      code: 'INVALID_COMMAND',
    })
    expect(lab.log).toEqual([])
  })

  test('names the variable that its environment lacks', async () => {
    const lab = await startDirectLab()
    const text = await readFile(lab.testbed, 'utf8')
    await writeFile(lab.testbed, text.replaceAll('password: admin', 'password: "%ENV{LAB_SECRET}"'))
    const client = await lab.directClient()
    await expect(client.execute('sim-1', 'show version')).rejects.toMatchObject({
      code: 'CREDENTIALS_MISSING',
      message: expect.stringContaining('LAB_SECRET'),
    })
    expect(await lab.store.ledger.leases()).toEqual([])
  })
})

describe('session slots', () => {
  test('are waited for, and who has them is named when the wait was in vain', async () => {
    const lab = await startDirectLab()
    const lease = await takeSlot(lab)
    const client = await lab.directClient()
    await expect(client.execute('sim-1', 'show version', { timeoutMs: 30 })).rejects.toMatchObject({
      code: 'SESSION_LIMIT',
      message: expect.stringContaining(`pid ${process.pid} (generation 1)`),
    })
    expect(lab.log).toEqual([])
    const waiting = client.execute('sim-1', 'show nonce slot')
    await lease.release()
    await expect(waiting).resolves.toMatchObject({ output: 'slot 1' })
  })

  test('of a dead broker are taken once it is fenced', async () => {
    const lab = await startDirectLab()
    await takeSlot(lab)
    const client = await lab.client()
    await lab.loseBroker()
    await expect(client.execute('sim-1', 'show nonce fenced')).resolves.toMatchObject({
      output: 'fenced 1',
    })
  })

  test('are given up by one that is idle when others wait', async () => {
    const lab = await startDirectLab()
    const [one, other] = await Promise.all([lab.directClient(), lab.directClient()])
    const events = one.events()
    await events.next()
    await one.connect('sim-1')
    await other.connect('sim-1')
    expect(await untilEvent(events, 'session-closed')).toMatchObject({ by: 'evicted' })
    expect(mostSessionsOpen(lab)).toBe(1)
  })

  test('are given up when somebody asks for it', async () => {
    const lab = await startDirectLab()
    const client = await lab.directClient()
    await client.connect('sim-1')
    await client.disconnect('sim-1')
    expect(await lab.store.ledger.leases()).toEqual([])
    expect(lab.log.at(-1)).toMatchObject({ event: 'logout' })
  })

  test("of a device whose lines are full are waited for within the call's deadline", async () => {
    const lab = await startDirectLab({ maxSessions: 1 })
    const stranger = await openSession((await loadTestbed(lab.testbed)).device('sim-1'))
    const client = await lab.directClient()
    const events = client.events()
    await events.next()
    const waiting = client.execute('sim-1', 'show nonce line')
    expect(await untilEvent(events, 'login-failed')).toMatchObject({ code: 'SESSION_LIMIT' })
    await stranger.close()
    await expect(waiting).resolves.toMatchObject({ output: 'line 1' })
  })

  test('are never exceeded: sixteen clients on a device that allows four', async () => {
    const lab = await startDirectLab({ maxSessions: 4 }, { maxSessionsPerDevice: 4 })
    const clients = await Promise.all(Array.from({ length: 16 }, () => lab.client()))
    await lab.loseBroker()
    await Promise.all(clients.map((client) => client.execute('sim-1', 'show nonce n')))
    expect(mostSessionsOpen(lab)).toBeLessThanOrEqual(4)
    expect(lab.log.filter(({ event }) => event === 'refused')).toEqual([])
    expect(lab.executions('show nonce n')).toBe(16)
  })

  test('go round: eight clients with fifty commands each on a device that allows one', async () => {
    const lab = await startDirectLab({ maxSessions: 1 })
    const clients = await Promise.all(Array.from({ length: 8 }, () => lab.directClient()))
    const done = clients.map(() => 0)
    let whenFirstWasDone: number[] | undefined
    await Promise.all(
      clients.map(async (client, at) => {
        for (let n = 1; n <= 50; n++) {
          await client.execute('sim-1', `show nonce ${at}`)
          done[at] = n
        }
        whenFirstWasDone ??= [...done]
      }),
    )
    expect(done).toEqual(clients.map(() => 50))
    expect(jainIndex(whenFirstWasDone ?? [])).toBeGreaterThan(0.9)
    expect(mostSessionsOpen(lab)).toBe(1)
    expect(lab.log.filter(({ event }) => event === 'refused')).toEqual([])
  })
})

/** 1 when all have the same, 1/n when one has everything (Jain, Chiu, Hawe 1984). */
function jainIndex(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0)
  const squares = shares.reduce((total, share) => total + share * share, 0)
  return (sum * sum) / (shares.length * squares)
}
