import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { brokerSettingsSchema, resolveSupervision } from '@nac-broker/broker'
import { expect, it } from 'vitest'
import { resolveFailurePolicy } from '../failure-policy-options.ts'
import { parseConfig } from './load.ts'
import { configSchema } from './schema.ts'

const parse = (text: string): unknown => parseConfig(text, '/lab/nac-broker.yaml')

it('reads every key', () => {
  const text = `
testbed: testbed.yaml
broker:
  max_connections: 10
  max_sessions_per_device: 2
  cache_ttl_s: 60
  connect_timeout_ms: 500
  login_timeout_ms: 1000
  command_timeout_ms: 2000
  keepalive_interval_ms: 500
  host_keys: accept-new
workers:
  - name: bgp
    command: [node, bgp.mjs, 010]
    count: 8
    timeout_s: 30
    idle_timeout_s: 5
    env: {SITE: lab, PORT: 8080, NOTHING: ""}
  - {name: ospf, command: [./ospf], per_device: true}
  - {name: once, command: [./once]}
max_parallel: 4
distributed:
  failure_policy: best_effort
  min_agents_required: 6
  agent_retry_attempts: 2
  agent_retry_delay_s: 5
watch:
  - {name: lab, command: [systemctl, is-active, lab-router], every_s: 2, live: [active]}
  - {name: link, command: [./link-is-up]}
report_dir: /reports
`
  expect(parse(text)).toEqual({
    testbed: '/lab/testbed.yaml',
    testbedPlace: '/lab/nac-broker.yaml:2',
    broker: {
      maxConnections: 10,
      maxSessionsPerDevice: 2,
      cacheTtlMs: 60_000,
      connectTimeoutMs: 500,
      loginTimeoutMs: 1000,
      commandTimeoutMs: 2000,
      keepaliveIntervalMs: 500,
      hostKeys: 'accept-new',
    },
    workers: [
      {
        name: 'bgp',
        command: ['node', 'bgp.mjs', '010'],
        instances: { kind: 'count', count: 8 },
        timeoutMs: 30_000,
        idleTimeoutMs: 5_000,
        env: { SITE: 'lab', PORT: '8080', NOTHING: '' },
        place: '/lab/nac-broker.yaml:13',
      },
      {
        name: 'ospf',
        command: ['./ospf'],
        instances: { kind: 'per-device' },
        env: {},
        place: '/lab/nac-broker.yaml:19',
      },
      {
        name: 'once',
        command: ['./once'],
        instances: { kind: 'one' },
        env: {},
        place: '/lab/nac-broker.yaml:20',
      },
    ],
    maxParallel: 4,
    failurePolicy: {
      name: 'best_effort',
      minAgentsRequired: 6,
      retryAttempts: 2,
      retryDelayMs: 5_000,
      places: {
        minAgentsRequired: '/lab/nac-broker.yaml:24: distributed.min_agents_required',
        retryAttempts: '/lab/nac-broker.yaml:25: distributed.agent_retry_attempts',
      },
    },
    watch: [
      {
        name: 'lab',
        command: ['systemctl', 'is-active', 'lab-router'],
        everyMs: 2_000,
        live: ['active'],
        place: '/lab/nac-broker.yaml:28',
      },
      { name: 'link', command: ['./link-is-up'], place: '/lab/nac-broker.yaml:29' },
    ],
    reportDir: '/reports',
  })
})

it.each(['', '# nothing but a comment', 'broker:\nworkers:\n  # - {name: a}\n', '{}'])(
  'takes what is left out for absent: %j',
  (text) => {
    expect(parse(text)).toEqual({ broker: {} })
  },
)

// What users begin from: every key that can be together with the others, and a comment behind it.
const SAMPLE = `
testbed: testbed.yaml
broker:
  crash_policy: [restart, abort]   # default. abort | fallback | restart, or a chain; a bare \`restart\` means [restart, abort]
  host: thread                     # inline | thread | process
  max_connections: 50              # open sessions in all, direct ones included
  max_sessions_per_device: 1
  cache_ttl_s: 3600                # \`off\` disables
  heartbeat_interval_ms: 500
  heartbeat_timeout_ms: 1500       # silence after which a broker counts as lost
  connect_timeout_ms: 5000         # socket and handshake
  login_timeout_ms: 30000          # device: TCP to first prompt
  command_timeout_ms: 60000
  host_keys: strict                # strict | accept-new | insecure (a testbed's \`StrictHostKeyChecking=no\` means insecure for that device)
workers:                           # what the run executes
  - name: bgp
    command: [node, tests/bgp.mjs]
    count: 8                       # or \`per_device: true\`: one per device of the testbed; not both
    timeout_s: 3600                # whole worker; idle_timeout_s: without output or broker traffic
    env: {SITE: lab}
max_parallel: 8                    # flat limit over all workers; default: all
distributed:
  failure_policy: fail_fast        # default. best_effort | retry_once | continue_if_majority
  min_agents_required: 6           # default: 1, under fail_fast and retry_once all
  agent_retry_attempts: 0          # default; \`retry_once\` means exactly 1 and refuses another value
  agent_retry_delay_s: 10          # first delay; doubles, jittered
watch:                             # dependencies of the run
  - {name: lab, command: [systemctl, is-active, lab-router], every_s: 2, live: [active]}
status: {port: 9464, token_env: NAC_BROKER_STATUS_TOKEN}
report_dir: nac-broker-report
`

it('takes the sample config as it is, each key of it', () => {
  const config = parseConfig(SAMPLE, '/lab/nac-broker.yaml')
  expect(resolveSupervision(config.broker)).toMatchObject({ connectTimeoutMs: 5_000 })
  expect(Object.keys(config.broker)).toHaveLength(11)
  expect(resolveFailurePolicy(config.failurePolicy ?? {}, 8)).toMatchObject({
    minAgentsRequired: 6,
  })
  const { workers, maxParallel, watch, status, reportDir } = config
  expect([workers?.length, maxParallel, watch?.length]).toEqual([1, 8, 1])
  expect([status?.port, reportDir]).toEqual([9464, '/lab/nac-broker-report'])
})

it('knows how to switch the cache off', () => {
  expect(parse('broker: {cache_ttl_s: off}')).toEqual({ broker: { cacheTtlMs: 'off' } })
})

it('accepts nothing that the broker would refuse', () => {
  const largest = `broker:
  max_connections: 10000
  max_sessions_per_device: 100
  cache_ttl_s: 86400
  connect_timeout_ms: 86400000
  login_timeout_ms: 86400000
  command_timeout_ms: 86400000
  keepalive_interval_ms: off
`
  const { broker } = parseConfig(largest, 'x.yaml')
  expect(Object.keys(broker)).toHaveLength(7)
  expect(brokerSettingsSchema.parse(broker)).toMatchObject(broker)
})

const WHOLE = 'allowed: a whole number from'

it.each([
  ['brokr: {}', '1: brokr: unknown key; did you mean broker? (allowed: testbed, broker, workers, '],
  ['broker:\n  hosst: thread', '2: broker.hosst: unknown key; did you mean host?'],
  [
    'broker: {crash_policy: [abort, restart]}',
    '1: broker.crash_policy: "abort,restart" is not allowed',
  ],
  [
    '\nworkers:\n- name: a\n  comand: [x]',
    '4: workers.0.comand: unknown key; did you mean command?',
  ],
  ['\nworkers:\n- name: a', '3: workers.0.command is missing'],
  ['max_parallel: x\nworkers:\n- name: a\n  comand: [x]', '4: workers.0.comand: unknown key;'],
  [
    'workers:\n- name: a\n  command: [x]\n  cuont: 1',
    '4: workers.0.cuont: unknown key; did you mean count?',
  ],
  [
    'broker:\n  max_connections: 0',
    `2: broker.max_connections: "0" is not allowed (${WHOLE} 1 to 10000)`,
  ],
  ['max_parallel: 1e3', `1: max_parallel: "1e3" is not allowed (${WHOLE} 1 to 10000)`],
  [
    'broker: {cache_ttl_s: of}',
    `1: broker.cache_ttl_s: "of" is not allowed (${WHOLE} 1 to 86400, or off); did you mean off?`,
  ],
  [
    'broker:\n\n  host_keys: accept_new',
    '3: broker.host_keys: "accept_new" is not allowed (allowed: strict, accept-new, insecure); did you mean accept-new?',
  ],
  [
    'distributed:\n  failure_polcy: best_effort',
    '2: distributed.failure_polcy: unknown key; did you mean failure_policy?',
  ],
  [
    'distributed:\n  failure_policy: best-effort',
    '2: distributed.failure_policy: "best-effort" is not allowed (allowed: fail_fast, best_effort, retry_once, continue_if_majority); did you mean best_effort?',
  ],
  [
    'distributed: {min_agents_required: 0}',
    `1: distributed.min_agents_required: "0" is not allowed (${WHOLE} 1 to 10000)`,
  ],
  ['broker: 5', '1: broker must be a mapping'],
  ['workers: {}', '1: workers must be a list'],
  ['watch:\n- {name: lab}', '2: watch.0.command is missing'],
  [
    'watch:\n- {name: lab, command: [x], every: 2}',
    '2: watch.0.every: unknown key; did you mean every_s? (allowed: name, command, every_s, live)',
  ],
  [
    'watch:\n- name: lab\n  command: [x]\n  every_s: 0',
    `4: watch.0.every_s: "0" is not allowed (${WHOLE} 1 to 86400)`,
  ],
  [
    'workers:\n  - name: a\n    command: sleep 5',
    '3: workers.0.command must be a list, the program first, as in [sleep, "5"]',
  ],
  [
    'watch:\n- name: lab\n  command: [x]\n  live: active',
    '4: watch.0.live must be a list, as in [active]',
  ],
  [
    'watch:\n- name: lab\n  command: [x]\n  live: []',
    '4: watch.0.live must not be empty; name what the command prints, as in [active], or leave it out',
  ],
  ['testbed: [a]', '1: testbed must be text'],
  [
    'workers:\n- name: a\n  command: []',
    '3: workers.0.command must not be empty: the program comes first',
  ],
  [
    'workers:\n- {name: ../a, command: [x]}',
    '2: workers.0.name: "../a" is not allowed (allowed: letters',
  ],
  [
    'workers:\n- name: a\n  command: [x]\n  count: 2\n  per_device: true',
    '5: workers.0.per_device has both count and per_device; keep one of them',
  ],
  [
    'broker:\n  max_connections: 1\n  max_connections: 2',
    '3: no valid YAML: Map keys must be unique',
  ],
  ['a: [', '1: no valid YAML: '],
  ['just text', '1: the file must be a mapping'],
])('refuses %j', (text, message) => {
  expect(() => parse(text)).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`/lab/nac-broker.yaml:${message}`) as string,
    }),
  )
})

it('has every key in the README', async () => {
  const readme = await readFile(path.join(import.meta.dirname, '../../README.md'), 'utf8')
  const [, section = ''] = readme.split(/^## (?=Config file)/m)
  const [table = ''] = section.split(/^## /m)
  const listed = [...table.matchAll(/^\| `([\w.[\]]+)` \|/gm)].map(([, key]) => key)
  const { broker, distributed, status, watch, workers, ...rest } = configSchema.shape
  expect(new Set(listed)).toEqual(
    new Set([
      ...Object.keys(rest),
      ...Object.keys(broker.unwrap().shape).map((key) => `broker.${key}`),
      ...Object.keys(distributed.unwrap().shape).map((key) => `distributed.${key}`),
      ...Object.keys(status.unwrap().shape).map((key) => `status.${key}`),
      ...Object.keys(watch.unwrap().element.shape).map((key) => `watch[].${key}`),
      ...Object.keys(workers.unwrap().element.shape).map((key) => `workers[].${key}`),
    ]),
  )
})

it('tells all mistakes, in the order of the file, a line for each, and then those of the environment', () => {
  const text = `max_parallel: 0
workers:
  - nmae: a
    command: sleep 5
    count: 0
  - name: b
brokr: {}
broker:
  hosst: thread
  cache_ttl: 5
  host_keys: lax
`
  const mistakes = mistakesOf(() => parseConfig(text, 'lab.yaml', { NAC_BROKER_HOST: 'tread' }))
  expect(mistakes.map((line) => line.replace(/ \(allowed: .*/, ''))).toEqual([
    'lab.yaml:1: max_parallel: "0" is not allowed',
    'lab.yaml:3: workers.0.nmae: unknown key; did you mean name?',
    'lab.yaml:4: workers.0.command must be a list, the program first, as in [sleep, "5"]',
    'lab.yaml:5: workers.0.count: "0" is not allowed',
    'lab.yaml:6: workers.1.command is missing: give a list, the program first, as in [sleep, "5"]',
    'lab.yaml:7: brokr: unknown key; did you mean broker?',
    'lab.yaml:9: broker.hosst: unknown key; did you mean host?',
    'lab.yaml:10: broker.cache_ttl: unknown key; did you mean cache_ttl_s?',
    'lab.yaml:11: broker.host_keys: "lax" is not allowed',
    'NAC_BROKER_HOST: "tread" is not allowed',
  ])
})

it('tells the first ten mistakes, and how many are left', () => {
  const keys = Array.from({ length: 13 }, (_, index) => `key${index + 1}: x\n`)
  const lines = mistakesOf(() => parseConfig(keys.join(''), 'lab.yaml'))
  expect(lines).toHaveLength(11)
  expect(lines[9]).toContain('lab.yaml:10: key10: unknown key')
  expect(lines[10]).toBe('lab.yaml: 3 more; mend these first')
})

function mistakesOf(act: () => unknown): string[] {
  let caught: unknown
  try {
    act()
  } catch (error) {
    caught = error
  }
  const { message, cause } = caught as { message: string; cause: AggregateError }
  const mistakes = cause.errors.map((one: Error) => one.message)
  expect(message).toBe(mistakes.join('; '))
  return mistakes
}
