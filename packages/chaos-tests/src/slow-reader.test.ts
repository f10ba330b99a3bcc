import { connect } from '@nac-broker/client'
import { expect, it, onTestFinished } from 'vitest'
import { startLab } from './lab.fixture.ts'

it('many long answers at once to one client are waited for without a warning of Node', async () => {
  const warnings: string[] = []
  const onWarning = ({ message }: Error): void => void warnings.push(message)
  process.on('warning', onWarning)
  onTestFinished(() => void process.off('warning', onWarning))
  await using lab = await startLab({ devices: 1, latencyMs: 0 })
  await using client = await connect({ socketPath: lab.broker.socketPath })
  await client.execute('sim-1', 'show bulk 3000000')
  const asked = Array.from({ length: 20 }, () => client.execute('sim-1', 'show bulk 3000000'))
  for (const { output } of await Promise.all(asked)) expect(output).toHaveLength(3_000_000)
  expect(warnings).toEqual([])
})
