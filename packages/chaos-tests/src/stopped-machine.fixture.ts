import { writeFile } from 'node:fs/promises'
import { startSimulator } from '@nac-broker/devices'
import { systemClock } from '@nac-broker/supervisor'
import {
  type Exited,
  Running,
  temporaryFolder,
} from '../../orchestrator/src/cli/command-line.fixture.ts'
import type { HeldUp } from './false-alarms.fixture.ts'

/** The devices are not stopped: it is them who tell that so much time has passed. */
const STOPPED_MS = 5_000

/** `serve`, its broker's process and two `exec` are stopped together for 5 s while the devices are asked. */
export async function stopMachine(): Promise<HeldUp> {
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
  const goneOnMs = systemClock.now()
  const answers = await Promise.all([first.exited, second.exited])
  const answeredMs = systemClock.now() - goneOnMs
  served.process.kill('SIGTERM')
  const alarms = [
    ...answers.flatMap((answer, index) => answerAlarms(answer, index * 1_000_000 + 1)),
    ...serverAlarms(await served.exited),
  ]
  return { alarms, answeredMs }
}

function answerAlarms({ code, stdout, stderr }: Exited, nonce: number): string[] {
  if (code !== 0 || stderr !== '') return [`exec ended with ${code}: ${stderr}`]
  const { output, via, attempts, generation } = JSON.parse(stdout) as Record<string, unknown>
  const isRight =
    output === `patience ${nonce}` && via === 'broker' && attempts === 1 && generation === 1
  return isRight ? [] : [`exec said ${stdout}`]
}

function serverAlarms({ code, stdout, stderr }: Exited): string[] {
  // That it listens, once.
  const isRight =
    code === 0 && stdout.trim().split('\n').length === 1 && !/lost|stalled|crashed/.test(stderr)
  return isRight ? [] : [`serve ended with ${code}: ${stdout} ${stderr}`]
}
