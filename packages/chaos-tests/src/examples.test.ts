import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { startSimulator } from '@nac-broker/devices'

const root = path.join(import.meta.dirname, '../../..')

interface Exited {
  code: number | null
  printed: string
}

async function runExample(file: string, ...args: string[]): Promise<Exited> {
  const { NAC_TEST_BROKER_SOCKET: _, ...env } = process.env
  const child = spawn(process.execPath, [path.join(root, 'examples', file), ...args], { env })
  let printed = ''
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, printed }
}

/** The example orchestrator on two simulated devices; `edit` changes its testbed. */
async function runOrchestrator(
  edit: (testbed: string) => string = (text) => text,
): Promise<Exited> {
  const directory = await mkdtemp(path.join(tmpdir(), 'nac-broker-examples-'))
  const testbed = path.join(directory, 'testbed.yaml')
  const simulator = await startSimulator({ devices: 2, latencyMs: 0 })
  await simulator.writeTestbed(testbed)
  await writeFile(testbed, edit(await readFile(testbed, 'utf8')))
  const exited = await runExample('orchestrator.ts', testbed)
  await simulator.close()
  await rm(directory, { recursive: true, force: true })
  return exited
}

it('runs the example orchestrator, whose two tests share the logins and what they read', async () => {
  const { code, printed } = await runOrchestrator()
  expect(printed).toContain('COMMAND_REJECTED')
  expect(printed).toContain('connectionMisses: 2')
  expect(printed).toContain('commandHits: 1')
  expect(code).toBe(0)
})

it.each([
  ['test.ts', 'BROKER_UNAVAILABLE: no broker is named'],
  ['orchestrator.ts', 'TESTBED_INVALID: /nowhere: there is no such file'],
])('ends examples/%s with one line where what it needs is not there', async (file, line) => {
  const { code, printed } = await runExample(file, '/nowhere')
  expect(code).toBe(1)
  expect(printed).toMatch(/^.*\n$/)
  expect(printed).toContain(line)
})

it('ends the examples with a line from each test where the password is wrong', async () => {
  const { code, printed } = await runOrchestrator((text) =>
    text.replaceAll(/password: .*/g, 'password: wrong'),
  )
  expect(code).toBe(1)
  expect(printed.match(/^AUTHENTICATION_FAILED: .*$/gm)).toHaveLength(2)
  expect(printed).not.toMatch(/^ +at /m)
})

it.each(['test.ts', 'orchestrator.ts'])(
  'shows examples/%s in the README as it is',
  async (file) => {
    const readme = await readFile(path.join(root, 'README.md'), 'utf8')
    const example = await readFile(path.join(root, 'examples', file), 'utf8')
    expect(readme).toContain('```ts\n' + example + '```')
  },
)
