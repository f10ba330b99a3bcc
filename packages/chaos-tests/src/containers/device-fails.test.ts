import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBroker } from '@nac-broker/broker'
import { type BrokerClient, connect } from '@nac-broker/client'
import { LEFT_OUT, startRouters, WHY } from './containers.fixture.ts'
import type { FrrDevice } from './frr-device.fixture.ts'
import type { FrrLab } from './frr-lab.fixture.ts'
import { executions, logins } from './router-log.fixture.ts'

describe.skipIf(LEFT_OUT)(`a real router${WHY}`, { timeout: 60_000 }, () => {
  let lab: FrrLab
  let r1: FrrDevice

  beforeAll(async () => {
    lab = await startRouters(2)
    r1 = lab.device('r1')
  }, 60_000)

  afterAll(() => lab[Symbol.asyncDispose](), 60_000)

  it('serves commands and configuration, and refuses in its own words', async () => {
    await using broker = await startBroker({ testbed: lab.testbedPath })
    await using client = await connect({ socketPath: broker.socketPath })
    expect((await client.execute('r1', 'show version')).output).toContain('(r1)')
    await client.configure('r1', ['interface lo', 'description configured'])
    const { output } = await client.execute('r1', 'show interface lo')
    expect(output).toContain('Description: configured')
    await expect(client.execute('r1', 'show nonsense')).rejects.toMatchObject({
      code: 'COMMAND_REJECTED',
      message: expect.stringContaining('% Unknown command: show nonsense'),
    })
    expect(executions(await r1.log(), 'description configured')).toBe(1)
  })

  it('that dies in mid-command ends that call alone, and serves when it is back', async () => {
    await using broker = await startBroker({ testbed: lab.testbedPath })
    await using client = await connect({ socketPath: broker.socketPath })
    const before = logins(await r1.log())
    const endless = client.execute('r1', 'ping 127.0.0.1')
    endless.catch(() => {})
    await r1.runs('ping')
    await r1.kill()
    await expect(endless).rejects.toMatchObject({ code: 'SESSION_LOST', sent: 'yes', device: 'r1' })
    expect((await client.execute('r2', 'show version')).output).toContain('(r2)')
    await r1.restart()
    expect((await client.execute('r1', 'show version')).output).toContain('(r1)')
    expect(logins(await r1.log()) - before).toBe(2)
  })

  it('that is paused answers when it goes on, on the same session, and holds nobody else up', async () => {
    await using broker = await startBroker({ testbed: lab.testbedPath })
    await using client = await connect({ socketPath: broker.socketPath })
    const before = logins(await r1.log())
    await client.connect('r1')
    await r1.pause()
    const held = client.execute('r1', 'show interface lo')
    expect((await client.execute('r2', 'show version')).output).toContain('(r2)')
    await r1.unpause()
    expect((await held).output).toContain('Interface lo is up')
    expect(logins(await r1.log()) - before).toBe(1)
  })

  it('that is paused for too long gets a change at most once, and its late answer reaches nobody', async () => {
    await using broker = await startBroker({ testbed: lab.testbedPath, commandTimeoutMs: 1_500 })
    await using client = await connect({ socketPath: broker.socketPath })
    await client.connect('r1')
    await r1.pause()
    const change = client.configure('r1', ['interface lo', 'description late'])
    await expect(change).rejects.toMatchObject({ code: 'COMMAND_TIMEOUT', sent: 'yes' })
    await r1.unpause()
    const { output } = await client.execute('r1', 'show version')
    expect(output).toMatch(/^FRRouting .*\(r1\)/)
    expect(executions(await r1.log(), 'description late')).toBeLessThanOrEqual(1)
  })

  it('that was restarted is asked anew, not answered for from the cache', async () => {
    await using broker = await startBroker({ testbed: lab.testbedPath })
    await using client = await connect({ socketPath: broker.socketPath })
    const read = (): Promise<unknown> => client.execute('r1', 'show ip route')
    expect(await read()).toMatchObject({ cached: false })
    expect(await read()).toMatchObject({ cached: true })
    const closed = sessionClosed(client, 'r1')
    await client.ping()
    await r1.restart()
    await closed
    expect(await read()).toMatchObject({ cached: false })
  })

  it('whose cable is pulled is found out by its silence, and serves when it is plugged in', async () => {
    await using broker = await startBroker({ testbed: lab.testbedPath, keepaliveIntervalMs: 500 })
    await using client = await connect({ socketPath: broker.socketPath })
    await client.connect('r1')
    await r1.unplug()
    const change = client.configure('r1', ['interface lo', 'description cut off'])
    change.catch(() => {})
    expect((await client.execute('r2', 'show version')).output).toContain('(r2)')
    await expect(change).rejects.toMatchObject({ code: 'SESSION_LOST', sent: 'yes' })
    await r1.plugIn()
    expect((await client.execute('r1', 'show version')).output).toContain('(r1)')
    expect(executions(await r1.log(), 'description cut off')).toBeLessThanOrEqual(1)
  })
})

async function sessionClosed(client: BrokerClient, device: string): Promise<void> {
  for await (const event of client.events()) {
    if (event.event === 'session-closed' && event.device === device) return
  }
}
