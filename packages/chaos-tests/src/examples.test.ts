import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { startSimulator } from '@nac-broker/devices'

const root = path.join(import.meta.dirname, '../../..')

it('runs the example orchestrator, whose two tests share one login', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'nac-broker-examples-'))
  const testbed = path.join(directory, 'testbed.yaml')
  const simulator = await startSimulator({ devices: 1, latencyMs: 0 })
  await simulator.writeTestbed(testbed)
  const child = spawn(process.execPath, [path.join(root, 'examples/orchestrator.ts'), testbed])
  let printed = ''
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  const [code] = await once(child, 'close')
  await simulator.close()
  await rm(directory, { recursive: true, force: true })
  expect(printed).toContain('COMMAND_REJECTED')
  expect(printed).toContain('connectionMisses: 1')
  expect(code).toBe(0)
})

it.each(['test.ts', 'orchestrator.ts'])(
  'shows examples/%s in the README as it is',
  async (file) => {
    const readme = await readFile(path.join(root, 'README.md'), 'utf8')
    const example = await readFile(path.join(root, 'examples', file), 'utf8')
    expect(readme).toContain('```ts\n' + example + '```')
  },
)
