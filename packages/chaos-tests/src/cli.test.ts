import { execFile } from 'node:child_process'
import path from 'node:path'
import { expect, it } from 'vitest'

const CLI = path.join(import.meta.dirname, 'cli.ts')

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function chaos(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [CLI, ...args], (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    )
  })
}

const MISUNDERSTOOD: [args: string, what: string][] = [
  ['--fault broker-killed,nosuch', '--fault "nosuch": there is no such fault; docs/chaos.md has'],
  ['--seed x', '--seed "x" is not a whole number of 0 or more'],
  ['--seed=', '--seed "" is not a whole number of 0 or more'],
  ['--seed 1 --only 99', '--only 99: seed 1 draws no more than '],
  ['--seed 1 --only 0', '--only "0" is not a whole number of 1 or more'],
  ['--only 1', '--only is for the schedule of one --seed: name it, without --schedules'],
  ['--seed 1 --schedules 2 --only 1', '--only is for the schedule of one --seed'],
  ['--html page.html', '--html is for the schedule of one --seed'],
  ['--for nonsense', '--for "nonsense" is not a time like 90s, 10m or 2h'],
  ['--schedules 0', '--schedules "0" is not a whole number of 1 or more'],
  ['--jobs --seed 2', "Option '--jobs' argument is ambiguous; see --help"],
  ['--frobnicate', '--frobnicate'],
  ['broker-killed', 'broker-killed'],
]

it.concurrent.each(MISUNDERSTOOD)(
  '`chaos %s` is not understood: one line says why, and nothing is run',
  async (args, what) => {
    const { code, stdout, stderr } = await chaos(...args.split(' '))
    expect(stderr).toContain(what)
    expect(stderr).toMatch(/^chaos: .*; see --help\n$/)
    expect([code, stdout]).toEqual([2, ''])
  },
)

it('--help names every option, and where whole runs are tested', async () => {
  const { code, stdout, stderr } = await chaos('--help')
  for (const option of ['schedules', 'for', 'seed', 'only', 'fault', 'simulated', 'jobs', 'html'])
    expect(stdout).toContain(`  --${option} `)
  expect(stdout).toContain('test resumed-after-kill frozen-orchestrator worker-suffers')
  expect([code, stderr]).toEqual([0, ''])
})

it('a schedule in which nothing is violated is exit code 0, and --json tells of it in a line', async () => {
  const { code, stdout } = await chaos('--simulated', '--seed', '2', '--only', 'none', '--json')
  expect(JSON.parse(stdout)).toMatchObject({ seed: 2, only: [], violations: [] })
  expect(code).toBe(0)
})
