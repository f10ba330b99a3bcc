import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { inspect } from 'node:util'
import { type BrokerClient, connect } from '@nac-broker/client'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { executions } from './lab.fixture.ts'
import { NacTestClient } from './nac-test-client.fixture.ts'
import { type HostKind, startSupervisedLab, type SupervisedLab } from './supervised-lab.fixture.ts'

/** Strings that stand nowhere else in the world: the passwords of the devices, but for the last. */
const CANARY = {
  login: `login-${randomUUID()}`,
  enable: `enable-${randomUUID()}`,
  environment: `environment-${randomUUID()}`,
  wrong: `wrong-${randomUUID()}`,
  /** No password of a device: it stands in a line of configuration that is refused. */
  unnamed: `unnamed-${randomUUID()}`,
}
const VARIABLE = 'NAC_BROKER_TEST_SECRET'

beforeAll(() => void (process.env[VARIABLE] = CANARY.environment))
afterAll(() => void delete process.env[VARIABLE])

/** It repeats what it refuses, answers `show quietly` with nothing, and on `fail` ends with its last words. */
const PARROT = `
printf 'parrot#'
mode=''
while IFS= read -r line; do
  case "$line" in
    'terminal '*) ;;
    'configure terminal') mode='(config)';;
    end) mode='';;
    fail) echo "wrong password: $${VARIABLE}" >&2; exit 1;;
    'show quietly '*) ;;
    'do '*|'write '*) printf '%s\\n' "$line";;
    *) printf '%% Invalid input: <%s>\\n' "$line";;
  esac
  printf 'parrot%s#' "$mode"
done`

/** It lets nobody in. */
const BROKEN = `echo "wrong password: $${VARIABLE}" >&2; exit 1`

/** Every canary but `unnamed` is a password of the devices; the second router does not accept its own. */
function withCanaries(text: string): string {
  const environment = `    console:\n      password: '%ENV{${VARIABLE}}'\n`
  const wrong = `    credentials: {default: {username: admin, password: ${CANARY.wrong}}}\n`
  const commands = Object.entries({ parrot: PARROT, broken: BROKEN }).map(
    ([name, command]) =>
      `  ${name}:\n    os: iosxe\n    connections: {cli: {command: ${JSON.stringify(command)}}}\n`,
  )
  const written = text
    .replace('devices:\n', `${environment}devices:\n`)
    .replace('  sim-2:\n', `  sim-2:\n${wrong}`)
  return written + commands.join('')
}

interface SecretLab extends SupervisedLab {
  /** Everything that was logged. */
  logged(): string
}

async function startLab(host: HostKind, crashPolicy: string[]): Promise<SecretLab> {
  let lines = ''
  const log = pino({ level: 'trace' }, { write: (line: string) => (lines += line) })
  const lab = await startSupervisedLab({
    host,
    crashPolicy,
    log,
    simulator: { devices: 2, password: CANARY.login, enablePassword: CANARY.enable },
    rewriteTestbed: withCanaries,
  })
  return Object.assign(lab, { logged: () => lines })
}

/** Everything that this client is told, but for the outputs that it asked for. */
function listen(client: BrokerClient): { told: () => string } {
  const told: unknown[] = []
  void (async () => {
    for await (const event of client.events()) told.push(event)
  })()
  return { told: () => JSON.stringify(told) }
}

/** With causes, as it would be printed. */
async function failureOf(call: Promise<unknown>): Promise<string> {
  const failure: unknown = await call.then(
    (answer) => expect.unreachable(`it was answered: ${inspect(answer)}`),
    (error: unknown) => error,
  )
  return inspect(failure, { depth: 9 }) + JSON.stringify(failure)
}

/** Has devices say every password in every way; returns what the caller was told beyond outputs. */
async function provoke(client: BrokerClient): Promise<string> {
  const told: Promise<string>[] = []
  for (const secret of [CANARY.login, CANARY.enable, CANARY.environment]) {
    for (const command of [`show nonce ${secret}`, `write nonce ${secret}`]) {
      const { output } = await client.execute('sim-1', command)
      expect(output).toMatch(new RegExp(`^${secret} \\d+$`))
    }
    const lines = [`username x password ${secret}`, `do show nonce ${secret}`]
    const { output } = await client.configure('sim-1', lines)
    expect(output).toContain(secret)
    const { output: configuration } = await client.execute('sim-1', 'show running-config')
    expect(configuration).toContain(`username x password ${secret}`)
    await client.execute('parrot', `show quietly ${secret}`)
    told.push(failureOf(client.execute('sim-1', `nonsense ${secret}`)))
    told.push(failureOf(client.execute('parrot', `nonsense ${secret}`)))
    told.push(failureOf(client.configure('parrot', [`do ${secret}`, secret])))
  }
  told.push(failureOf(client.configure('parrot', [`snmp-server community "${CANARY.unnamed}" ro`])))
  told.push(failureOf(client.execute('parrot', 'fail')))
  told.push(failureOf(client.execute('sim-2', 'show version')))
  told.push(failureOf(client.execute('broken', 'show version')))
  return (await Promise.all(told)).join('\n')
}

/** The store, with what SQLite keeps beside it, and whatever else the broker left there. */
function filesOf({ directory, testbedPath }: SupervisedLab): string {
  const written = readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => path.join(directory, name))
    .filter((file) => file !== testbedPath)
  return written.map((file) => readFileSync(file, 'latin1')).join('\n')
}

/** How every process of this machine that we may look at was started. */
function commandLines(): string {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map((pid) => readIfThere(`/proc/${pid}/cmdline`)).join('\n')
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}

/** Where which canary is, in words. */
function findings(places: Record<string, string>): string[] {
  return Object.entries(places).flatMap(([place, text]) =>
    Object.entries(CANARY)
      .filter(([, secret]) => text.includes(secret))
      .map(([name]) => `the ${name} secret is in ${place}`),
  )
}

describe.each<HostKind>(['thread', 'process'])('with the broker in a %s', (host) => {
  it('a password goes to whoever asked for an output with it in it, and nowhere else', async () => {
    await using lab = await startLab(host, ['restart', 'abort'])
    await using client = await connect({ socketPath: lab.broker.socketPath })
    const { told } = listen(client)
    const errors = await provoke(client)
    using json = await NacTestClient.connect(lab.broker.socketPath)
    const replies = [
      await json.ask({ command: 'execute', hostname: 'sim-2', cmd: 'show version' }),
      await json.ask({ command: 'execute', hostname: 'parrot', cmd: `nonsense ${CANARY.login}` }),
      await json.ask({ command: 'status' }),
    ]
    const status = JSON.stringify(await client.status())
    const running = commandLines()
    const whileOpen = filesOf(lab)
    await lab.broker.close()
    const places = {
      'an error': errors,
      'a reply in JSON': JSON.stringify(replies),
      'an event': told(),
      "the supervisor's events": JSON.stringify(lab.events),
      'the status': status,
      'a command line': running,
      'the store': whileOpen,
      'the store that is closed': filesOf(lab),
      'the log': lab.logged(),
    }
    expect(findings(places)).toEqual([])
    // What was looked through is what there is.
    expect(places['an error']).toContain('% Invalid input: <')
    expect(places['a reply in JSON']).toContain('AUTHENTICATION_FAILED')
    expect(places['an event']).toContain('login-failed')
    expect(places['an event']).toContain('refused the command: % Invalid input: <')
    expect(places['an event']).toContain('refused line 1 of 1 (')
    expect(places["the supervisor's events"]).toContain('login-failed')
    expect(places['the status']).toContain('sim-2')
    expect(places['the store']).toContain('COMMAND_REJECTED')
    expect(places['the log']).toContain('login-failed')
  })

  it('an output with a password in it does not outlive the broker; others do', async () => {
    await using lab = await startLab(host, ['restart', 'abort'])
    await using client = await connect({ socketPath: lab.broker.socketPath })
    const read = `show nonce ${CANARY.login}`
    const change = `write nonce ${CANARY.enable}`
    await client.execute('sim-1', 'write nonce harmless', { key: 'harmless' })
    await client.execute('sim-1', change, { key: 'secret' })
    await client.execute('sim-1', 'show nonce harmless')
    await client.execute('sim-1', read)
    expect(await client.execute('sim-1', read)).toMatchObject({ cached: true })
    lab.kill()
    expect(await client.execute('sim-1', read)).toMatchObject({ cached: false, generation: 2 })
    expect(await client.execute('sim-1', 'show nonce harmless')).toMatchObject({ cached: true })
    const again = client.execute('sim-1', 'write nonce harmless', { key: 'harmless' })
    expect(await again).toMatchObject({ output: 'harmless 1' })
    await expect(client.execute('sim-1', change, { key: 'secret' })).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      sent: 'yes',
      message: expect.stringContaining('it has a secret of the device in it') as string,
    })
    expect(executions(lab.log, change)).toBe(1)
  })
})

it('a client that goes to the devices directly keeps no password either', async () => {
  await using lab = await startLab('thread', ['fallback'])
  const { socketPath } = lab.broker
  await using client = await connect({ socketPath, testbed: lab.testbedPath })
  const { told } = listen(client)
  await client.ping()
  lab.kill()
  const errors = await provoke(client)
  const first = await client.execute('sim-1', 'write nonce harmless', { key: 'harmless' })
  expect(first).toMatchObject({ via: 'direct' })
  expect(await client.execute('sim-1', 'write nonce harmless', { key: 'harmless' })).toMatchObject({
    output: first.output,
  })
  const change = `write nonce ${CANARY.environment}`
  await client.execute('sim-1', change, { key: 'secret' })
  const again = failureOf(client.execute('sim-1', change, { key: 'secret' }))
  const places = {
    'an error': errors + (await again),
    'an event': told(),
    'a command line': commandLines(),
    'the store': filesOf(lab),
    'the log': lab.logged(),
  }
  expect(findings(places)).toEqual([])
  expect(places['an error']).toContain('it has a secret of the device in it')
  expect(places['an event']).toContain('login-failed')
  expect(places['the store']).toContain('refused the command: % Invalid input: <')
  expect(places['the store']).toContain(first.output)
})
