import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { BrokerError } from '@nac-broker/protocol'
import { describe, expect, it } from 'vitest'
import { resolveFailurePolicy } from '../failure-policy-options.ts'
import { ENVIRONMENT } from './environment.ts'
import { parseConfig } from './load.ts'

const FILE = '/lab/nac-broker.yaml'
const TEXT = `testbed: testbed.yaml
broker: {crash_policy: restart, host: thread}
max_parallel: 4
report_dir: report
`

describe('a variable', () => {
  it('beats the file, and leaves the rest of it as it is', () => {
    const config = parseConfig(TEXT, FILE, {
      NAC_BROKER_POLICY: 'abort',
      NAC_BROKER_MAX_CONNECTIONS: '7',
      NAC_BROKER_FAILURE_POLICY: 'best_effort',
      NAC_BROKER_STATUS_PORT: '0',
      NAC_BROKER_PREFLIGHT: 'false',
    })
    expect(config.broker).toEqual({ crashPolicy: 'abort', host: 'thread', maxConnections: 7 })
    expect(config).toMatchObject({
      testbed: '/lab/testbed.yaml',
      testbedPlace: '/lab/nac-broker.yaml:1',
      maxParallel: 4,
      failurePolicy: { name: 'best_effort' },
      status: { port: 0 },
      preflight: false,
    })
  })

  it('says nothing when it is empty', () => {
    const env = { NAC_BROKER_POLICY: '', NAC_BROKER_MAX_PARALLEL: '', NAC_TEST_TESTBED: '' }
    expect(parseConfig(TEXT, FILE, env)).toEqual(parseConfig(TEXT, FILE))
  })

  it('names files beside the working directory, not beside the config', () => {
    const env = { NAC_TEST_TESTBED: 'lab.yaml', NAC_BROKER_REPORT_DIR: 'out' }
    const { testbed, testbedPlace, reportDir } = parseConfig(TEXT, FILE, env)
    expect([testbed, reportDir]).toEqual([path.resolve('lab.yaml'), path.resolve('out')])
    expect(testbedPlace).toBe('NAC_TEST_TESTBED')
  })

  it.each([
    ['NAC_BROKER_POLICY', 'abrot', /allowed: abort, fallback, .*did you mean abort\?$/],
    ['NAC_BROKER_HOST', 'tread', /allowed: inline, thread, process\); did you mean thread\?$/],
    ['NAC_BROKER_MAX_PARALLEL', '0', /\(allowed: a whole number from 1 to 10000\)$/],
    ['NAC_BROKER_STATUS_PORT', '65536', /\(allowed: a whole number from 0 to 65535\)$/],
    ['NAC_BROKER_CONNECT_TIMEOUT_MS', '5s', /\(allowed: a whole number from 1 to 86400000\)$/],
  ])('%s is refused as %j, in one line with what is allowed', (name, value, allowed) => {
    const message = failureOf(() => parseConfig(TEXT, FILE, { [name]: value }))
    expect(message).toMatch(allowed)
    expect(message.startsWith(`${name}: "${value}" is not allowed (`)).toBe(true)
  })

  it('is named also where it makes no sense with the rest', () => {
    const env = { NAC_BROKER_MIN_AGENTS_REQUIRED: '3' }
    const { failurePolicy = {} } = parseConfig(TEXT, FILE, env)
    expect(failureOf(() => resolveFailurePolicy(failurePolicy, 2))).toBe(
      'NAC_BROKER_MIN_AGENTS_REQUIRED: distributed.min_agents_required: 3 is more than the 2 workers of this run; give at most 2',
    )
  })

  it('is heard where there is a mistake in the file, which is told', () => {
    const env = { NAC_BROKER_MAX_CONNECTIONS: '7' }
    expect(failureOf(() => parseConfig('broker: 5', FILE, env))).toBe(
      '/lab/nac-broker.yaml:1: broker must be a mapping',
    )
  })
})

it('in a worker, what the run outside says of itself does not count; everything else does', () => {
  const env = {
    NAC_BROKER_WORKER: 'bgp',
    NAC_TEST_TESTBED: '/outside.yaml',
    NAC_BROKER_POLICY: 'fallback',
    NAC_BROKER_CONNECT_TIMEOUT_MS: '1',
    NAC_BROKER_REPORT_DIR: '/outside',
    NAC_BROKER_STATUS_PORT: '9464',
    NAC_BROKER_HOST_KEYS: 'insecure',
  }
  const { broker, ...rest } = parseConfig(TEXT, FILE, env)
  const { broker: plain, ...others } = parseConfig(TEXT, FILE)
  expect(rest).toEqual(others)
  expect(broker).toEqual({ ...plain, hostKeys: 'insecure' })
})

it('has every variable in the README, with its key', async () => {
  const readme = await readFile(path.join(import.meta.dirname, '../../README.md'), 'utf8')
  const rows = [...readme.matchAll(/^\| `((?:NAC_TEST|NAC_BROKER)_\w+)` \| `([\w.]+)` \|/gm)]
  expect(rows.map(([, variable, key]) => [variable, key])).toEqual(
    ENVIRONMENT.map((setting) => [setting.variable, setting.path.join('.')]),
  )
})

it('has another variable for each key', () => {
  expect(new Set(ENVIRONMENT.map(({ variable }) => variable)).size).toBe(ENVIRONMENT.length)
})

function failureOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    const { code, message } = error as BrokerError
    return code === 'CONFIG_INVALID' ? message : code
  }
  throw new Error('it did not fail')
}
