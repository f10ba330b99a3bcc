import { writeFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { startSimulator } from '@nac-broker/devices'
import { Running, temporaryFolder } from '../../orchestrator/src/cli/command-line.fixture.ts'

/** The devices are not stopped: it is them who tell that so much time has passed. */
const STOPPED_MS = 5_000

it('nobody takes the broker for lost after everything was stopped for 5 s', async () => {
  await using folder = await temporaryFolder()
  const asked = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<void>()
  const counts = { command: 0, output: 0 }
  await using simulator = await startSimulator({
    devices: 2,
    deviceLog({ event, device: name, ...rest }) {
      if (event !== 'command' && event !== 'output') return
      if (!('line' in rest) || !rest.line.includes('nonce')) return
      const device = simulator.devices.find((one) => one.name === name)
      if (event === 'command' && device) device.latencyMs = STOPPED_MS
      counts[event]++
      if (counts.command === 2) asked.resolve()
      if (counts.output === 2) answered.resolve()
    },
  })
  await simulator.writeTestbed(folder.path('t.yaml'))
  const config = {
    testbed: folder.path('t.yaml'),
    // Whoever takes the broker for lost ends.
    broker: { crash_policy: 'abort', host: 'process' },
  }
  await writeFile(folder.path('c.yaml'), JSON.stringify(config))
  await using served = new Running(['serve', '--config', folder.path('c.yaml')])
  const { socket, pid } = JSON.parse(await served.line()) as { socket: string; pid: number }
  const exec = (device: string): Running =>
    new Running(['exec', device, 'show nonce patience', '--json', '--socket', socket])
  await using first = exec('sim-1')
  await using second = exec('sim-2')
  await asked.promise

  const everybody = [served.process.pid, first.process.pid, second.process.pid, pid] as number[]
  for (const one of everybody) process.kill(one, 'SIGSTOP')
  await answered.promise
  // The broker is the last to go on.
  for (const one of everybody) process.kill(one, 'SIGCONT')

  const answers = [
    [first, 'patience 1'],
    [second, 'patience 1000001'],
  ] as const
  for (const [{ exited }, output] of answers) {
    const { code, stdout, stderr } = await exited
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const answer = { output, via: 'broker', attempts: 1, generation: 1 }
    expect(JSON.parse(stdout)).toMatchObject(answer)
  }
  served.process.kill('SIGTERM')
  const { code, stdout, stderr } = await served.exited
  expect(code).toBe(0)
  expect(stdout.trim().split('\n')).toHaveLength(1)
  expect(stderr).not.toMatch(/lost|stalled|crashed/)
})
