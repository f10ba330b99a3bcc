import { BrokerError } from '@nac-broker/protocol'
import { fingerprintOf, type Change } from '@nac-broker/run-store'
import { describe, expect, test } from 'vitest'
import { type DirectLab, startDirectLab } from '../direct/direct-lab.fixture.ts'
import { untilEvent } from '../scripted-broker.fixture.ts'

const CLEAR = 'clear counters'

function clearing(key: string): Change {
  return { key, device: 'sim-1', fingerprint: fingerprintOf('execute', [CLEAR]) }
}

/** A change in flight at the moment at which its broker dies; `before` is what that had done. */
async function changeInFlight(
  lab: DirectLab,
  before: () => Promise<unknown> = async () => {},
): Promise<Promise<unknown>> {
  const client = await lab.client()
  const change = client.execute('sim-1', CLEAR, { key: 'clear' })
  // Whoever awaits this one sees its rejection.
  change.catch(() => {})
  await lab.broker.hasRequests(1)
  await before()
  await lab.loseBroker()
  return Promise.allSettled([change])
}

describe('when the broker is lost', () => {
  test('a read in flight is repeated on a session of our own, and a warning says what that means', async () => {
    const lab = await startDirectLab()
    const client = await lab.client()
    const events = client.events()
    await events.next()
    const pending = client.execute('sim-1', 'show nonce flying')
    await lab.broker.hasRequests(2)
    await lab.loseBroker()
    await expect(pending).resolves.toMatchObject({
      output: 'flying 1',
      via: 'direct',
      cached: false,
      attempts: 2,
      generation: 1,
    })
    expect((await untilEvent(events, 'direct')).warning).toMatch(/no longer pooled.*from its store/)
    await untilEvent(events, 'session-opened')
  })

  test('a change that the broker had not sent is made directly, and no broker can send it any more', async () => {
    const lab = await startDirectLab()
    await expect(changeInFlight(lab)).resolves.toMatchObject([
      { value: { output: expect.stringContaining('Cleared'), via: 'direct', attempts: 2 } },
    ])
    await lab.store.generations.begin(2, { pidNamespace: '', pid: 1, startTicks: 1, generation: 2 })
    await expect(lab.store.outcomes.markSent(clearing('clear'), 2)).rejects.toMatchObject({
      code: 'KEY_TAKEN',
    })
    expect(lab.executions(CLEAR)).toBe(1)
  })

  test('a change that the broker had sent is not sent again', async () => {
    const lab = await startDirectLab()
    const settled = changeInFlight(lab, () => lab.store.outcomes.markSent(clearing('clear'), 1))
    await expect(settled).resolves.toMatchObject([
      { reason: { code: 'OUTCOME_UNKNOWN', sent: 'yes' } },
    ])
    expect(lab.executions(CLEAR)).toBe(0)
  })

  test('a change that was done gives the recorded output', async () => {
    const lab = await startDirectLab()
    const settled = changeInFlight(lab, async () => {
      await lab.store.outcomes.markSent(clearing('clear'), 1)
      const content = Buffer.from('done before')
      await lab.store.outcomes.markDone(clearing('clear'), { kept: true, content })
    })
    await expect(settled).resolves.toMatchObject([{ value: { output: 'done before' } }])
    expect(lab.executions(CLEAR)).toBe(0)
  })

  test('a change that the device had refused fails as recorded', async () => {
    const lab = await startDirectLab()
    const refused = new BrokerError('COMMAND_REJECTED', 'sim-1: invalid', { sent: 'yes' })
    const settled = changeInFlight(lab, async () => {
      await lab.store.outcomes.markSent(clearing('clear'), 1)
      await lab.store.outcomes.markFailed(clearing('clear'), refused.toJSON())
    })
    await expect(settled).resolves.toMatchObject([
      { reason: { code: 'COMMAND_REJECTED', message: 'sim-1: invalid' } },
    ])
  })

  test('the lack of a testbed is told, and every call fails of it', async () => {
    const lab = await startDirectLab()
    const client = await lab.client({ testbed: '' })
    const pending = client.execute('sim-1', 'show version')
    await lab.broker.hasRequests(1)
    await lab.loseBroker()
    await expect(pending).rejects.toMatchObject({ code: 'CONFIG_INVALID', sent: 'unknown' })
    await expect(client.connect('sim-1')).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    expect(client.lost.aborted).toBe(true)
  })

  test('after restart has failed, everything that waited goes on directly', async () => {
    const lab = await startDirectLab()
    const crashPolicy = ['restart', 'fallback']
    const client = await lab.client({ crashPolicy, reconnectTimeoutMs: 30 })
    const pending = client.execute('sim-1', 'show nonce chained')
    await lab.broker.hasRequests(1)
    await lab.loseBroker()
    await expect(pending).resolves.toMatchObject({ output: 'chained 1', via: 'direct' })
    await expect(client.status()).rejects.toMatchObject({ code: 'BROKER_LOST' })
  })
})

describe('without a store', () => {
  test('reads and what may be repeated go on, and changes are refused', async () => {
    const lab = await startDirectLab()
    const client = await lab.directClient({ storePath: undefined })
    await expect(client.execute('sim-1', 'show nonce bare')).resolves.toMatchObject({
      output: 'bare 1',
      via: 'direct',
      generation: 0,
    })
    await client.execute('sim-1', CLEAR, { idempotent: true })
    await expect(client.execute('sim-1', CLEAR)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      sent: 'no',
    })
    await expect(client.configure('sim-1', ['hostname r2'])).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    })
    expect(lab.executions(CLEAR)).toBe(1)
  })

  test('because it cannot be used, changes are refused with the reason', async () => {
    const lab = await startDirectLab()
    const client = await lab.directClient({ storePath: lab.testbed })
    await expect(client.execute('sim-1', CLEAR)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining(lab.testbed),
    })
  })
})
