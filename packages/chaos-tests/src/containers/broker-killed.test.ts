import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect } from '@nac-broker/client'
import { BrokerError } from '@nac-broker/protocol'
import { type HostKind, startSupervisedLab } from '../supervised-lab.fixture.ts'
import { LEFT_OUT, startRouters, WHY } from './containers.fixture.ts'
import type { FrrLab } from './frr-lab.fixture.ts'
import { executions } from './router-log.fixture.ts'

const CHANGES = 30

describe.skipIf(LEFT_OUT)(`three real routers${WHY}`, { timeout: 60_000 }, () => {
  let lab: FrrLab

  beforeAll(async () => void (lab = await startRouters(3)), 60_000)

  afterAll(() => lab[Symbol.asyncDispose](), 60_000)

  it.each<HostKind>(['thread', 'process'])(
    'get every change at most once when the broker in a %s is killed in the middle of it',
    async (host) => {
      const [r1, r2, r3] = [lab.device('r1'), lab.device('r2'), lab.device('r3')] as const
      await using supervised = await startSupervisedLab({ host, testbed: lab.testbedPath })
      await using client = await connect({ socketPath: supervised.broker.socketPath })

      const endless = outcome(client.execute('r1', 'ping 127.0.0.1', { timeoutMs: 20_000 }))
      await client.connect('r2')
      await r2.pause()
      const held = client.execute('r2', 'show interface lo')
      const descriptions = Array.from({ length: CHANGES }, (_, index) => `${host}-${index}`)
      const changes = descriptions.map((text) =>
        outcome(client.configure('r3', ['interface lo', `description ${text}`])),
      )
      await Promise.all([r1.runs('ping'), r3.logs(/description \w+-0$/)])
      const listening = supervised.next('listening')
      supervised.kill()
      await listening
      await r2.unpause()

      expect(await endless).toBe('OUTCOME_UNKNOWN')
      expect(await held).toMatchObject({ output: expect.stringContaining('lo'), generation: 2 })
      const outcomes = await Promise.all(changes)
      const log = await r3.log()
      const wrong = descriptions.filter((text, index) => {
        const times = executions(log, `description ${text}`)
        return outcomes[index] === 'done' ? times !== 1 : times > 1
      })
      expect(wrong).toEqual([])
      expect(['done', 'OUTCOME_UNKNOWN']).toEqual(expect.arrayContaining(outcomes))
      for (const name of ['r1', 'r2', 'r3']) {
        const { output } = await client.execute(name, 'show version')
        expect(output).toContain(`(${name})`)
      }
    },
  )
})

function outcome(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'done',
    (error: unknown) => (error instanceof BrokerError ? error.code : String(error)),
  )
}
