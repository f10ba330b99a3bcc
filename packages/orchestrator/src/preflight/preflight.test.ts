import { type Device, loadTestbed, type Testbed } from '@nac-broker/devices'
import { VirtualClock } from '@nac-broker/supervisor'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type DifficultLab, startDifficultLab } from './difficult-lab.fixture.ts'
import { preflight } from './preflight.ts'
import type { DevicePreflight, LoginAttempt, PreflightReport } from './report.ts'

const env = { ...process.env, SSH_AUTH_SOCK: undefined }
const LOGIN_TIMEOUT_MS = 30_000

let lab: DifficultLab
let testbed: Testbed
let told: string[]
let report: PreflightReport

/** Looks at all of them; time passes only when there is nobody left but those who never answer. */
beforeAll(async () => {
  lab = await startDifficultLab()
  testbed = await loadTestbed(lab.testbed)
  told = []
  const clock = new VirtualClock()
  const othersTold = Promise.withResolvers<void>()
  const onDevice = ({ device }: DevicePreflight): void => {
    // 13 devices, of which one is skipped and two do not answer.
    if (told.push(device) === 10) othersTold.resolve()
  }
  const looking = preflight(testbed, { clock, env, loginTimeoutMs: LOGIN_TIMEOUT_MS, onDevice })
  await othersTold.promise
  await clock.advance(LOGIN_TIMEOUT_MS)
  report = await looking
})

afterAll(async () => {
  await lab[Symbol.asyncDispose]()
})

it('reports the devices in the order of the testbed, and by name those that cannot be used', () => {
  const devices = testbed.deviceNames.filter((name) => name !== 'foreign')
  expect(report.devices.map(({ device }) => device)).toEqual(devices)
  expect(report.unreachable).toEqual(devices.filter((name) => name !== 'ok'))
})

it('lets no device that does not answer hold up another', () => {
  expect(told.slice(-2).toSorted()).toEqual(['silent', 'slow'])
})

it('times each step of a login that succeeds, and logs out', () => {
  const ok = report.devices.find(({ device }) => device === 'ok')
  expect(ok).toMatchObject({ ok: true })
  expect(ok?.steps.map(({ step }) => step)).toEqual([
    'resolve',
    'tcp',
    'banner',
    'host-key',
    'login',
    'prompt',
  ])
  for (const step of ok?.steps ?? [])
    expect(step).toMatchObject({ ok: true, ms: expect.any(Number) })
  expect(
    lab.log.find(({ device, event }) => device === 'sim-1' && event === 'logout'),
  ).toBeDefined()
})

it.each([
  ['nameless', 'resolve', 'DEVICE_UNREACHABLE', /check ip or host in the testbed/],
  ['closed', 'tcp', 'DEVICE_UNREACHABLE', /is SSH enabled on it, and on port \d+\?/],
  ['silent', 'banner', 'DEVICE_UNREACHABLE', /not an SSH server/],
  ['babbling', 'banner', 'DEVICE_UNREACHABLE', /not an SSH server/],
  ['changed', 'host-key', 'HOST_KEY_CHANGED', /ssh-keygen -R.*StrictHostKeyChecking=accept-new/],
  ['unknown', 'host-key', 'HOST_KEY_UNKNOWN', /ssh-keyscan; or broker.host_keys: accept-new/],
  ['password', 'login', 'AUTHENTICATION_FAILED', /^check credentials.default \(.*yaml:\d+\)$/],
  ['secretless', 'login', 'CREDENTIALS_MISSING', /^set NO_SUCH_PASSWORD where nac-broker runs/],
  ['slow', 'login', 'DEVICE_UNREACHABLE', /raise broker.login_timeout_ms.*ssh -p \d+ 127.0.0.1/],
  ['full', 'prompt', 'SESSION_LIMIT', /show users/],
  ['no-program', 'prompt', 'DEVICE_UNREACHABLE', /run its command by hand/],
])('finds that %s fails at %s with %s', (name, step, code, hint) => {
  const device = report.devices.find((one) => one.device === name)
  const last = device?.steps.at(-1)
  expect(last).toMatchObject({ step, ok: false, error: { code } })
  expect(last?.error?.hint).toMatch(hint)
  expect(last?.error?.message).not.toMatch(/\n/)
  for (const before of device?.steps.slice(0, -1) ?? []) expect(before.ok).toBe(true)
})

it('leaves out, with the reason, what we cannot drive', () => {
  expect(report.skipped).toEqual([
    { device: 'foreign', reason: expect.stringContaining('os "junos"') as string },
  ])
})

it('spawns a command, and waits for its prompt', async () => {
  const command = 'while printf "r1#"; read -r line; do :; done'
  const ok = testbed.device('ok')
  const device: Device = { ...ok, connection: { protocol: 'command', command } }
  const { devices } = await preflight({ ...testbed, deviceNames: ['ok'], device: () => device })
  expect(devices).toMatchObject([
    {
      ok: true,
      steps: [
        { step: 'spawn', ok: true },
        { step: 'prompt', ok: true },
      ],
    },
  ])
})

it('ends at once, with the reason, when it is aborted', async () => {
  const abort = new AbortController()
  const reason = new Error('no more')
  const only: Testbed = { ...testbed, deviceNames: ['silent', 'ok'] }
  const okTold = Promise.withResolvers<void>()
  const looking = preflight(only, { env, signal: abort.signal, onDevice: () => okTold.resolve() })
  const outcome = looking.catch((error: unknown) => error)
  await okTold.promise
  abort.abort(reason)
  expect(await outcome).toBe(reason)
})

it('has no more logins under way than it may', async () => {
  let underWay = 0
  let most = 0
  const logIn = async (): Promise<LoginAttempt> => {
    most = Math.max(most, ++underWay)
    await new Promise<void>((resolve) => void setImmediate(resolve))
    underWay--
    return { steps: [] }
  }
  const { devices } = await preflight(testbed, { logIn, maxConnections: 3 })
  expect({ most, looked: devices.length }).toEqual({ most: 3, looked: 12 })
})
