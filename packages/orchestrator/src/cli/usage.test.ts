import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'
import { nacBroker, temporaryFolder } from './command-line.fixture.ts'

const COMMANDS = ['simulate', 'serve', 'exec', 'configure', 'status', 'preflight', 'run', 'demo']
const LEVELS = 'trace, debug, info, warn, error, fatal, silent'
const TESTBED = path.join(
  import.meta.dirname,
  '../../../devices/src/testbed/fixtures/nac-test.yaml',
)

it.concurrent.each<[string[], string]>([
  [[], `no command (allowed: ${COMMANDS.join(', ')})`],
  [['rnu'], `unknown command rnu; did you mean run? (allowed: ${COMMANDS.join(', ')})`],
  [
    ['status', '--bogus'],
    'unknown option --bogus (allowed: --log-level, --socket, --json, --watch, --help)',
  ],
  [
    ['status', '--jsno'],
    'unknown option --jsno; did you mean --json? (allowed: --log-level, --socket, --json, --watch, --help)',
  ],
  [
    ['serve', '--log-level', 'wran'],
    `--log-level: "wran" is not allowed (allowed: ${LEVELS}); did you mean warn?`,
  ],
  [['serve', '--log-level', 'loud'], `--log-level: "loud" is not allowed (allowed: ${LEVELS})`],
  [
    ['simulate', '--devices', '0'],
    '--devices: "0" is not allowed (allowed: a whole number from 1 to 1000)',
  ],
  [['simulate', '--devices'], '--devices <n> needs a value'],
  [['simulate', '--platform', 'nxos'], '--platform: "nxos" is not allowed (allowed: iosxe)'],
  [['exec', 'r1'], 'command is missing; usage: nac-broker exec [options] <device> <command>'],
  [['exec', 'r1', 'show', 'version'], 'exec has no use for "version"; quote what belongs together'],
  [['exec', 'r1', 'x'], 'no broker: give --socket PATH, or set NAC_TEST_BROKER_SOCKET'],
  [['exec', 'r1', ''], 'command: "" is not allowed (allowed: any text but an empty one)'],
  [['exec', '', 'x'], 'device: "" is not allowed (allowed: any text but an empty one)'],
  [['configure', '', 'x'], 'device: "" is not allowed (allowed: any text but an empty one)'],
  [['configure', 'r1', ''], 'configure: there are no lines in the arguments'],
  [
    ['status', '--socket', '/dev/null'],
    'SOCKET_PATH_INVALID: socket /dev/null: it is no socket; name the one that the broker listens at',
  ],
  [['configure', 'r1'], 'configure: give lines, or --file FILE'],
  [['configure', 'r1', '--file', '-'], 'configure: there are no lines in -'],
  [['configure', 'r1', 'a', '--file', 'b'], 'configure: give lines or --file, not both'],
  [
    ['configure', 'r1', '--file', '/nowhere'],
    'configure: --file: /nowhere cannot be read: there is no such file',
  ],
  [['configure', 'r1', '--file', '/'], 'configure: --file: / cannot be read: it is a directory'],
  [['serve'], 'no testbed: give --testbed FILE, or set NAC_TEST_TESTBED, or testbed in the config'],
  [['serve', '--testbed', '/nowhere'], '--testbed: /nowhere: there is no such file'],
  [['serve', '--config', '/nowhere'], 'config /nowhere cannot be read: there is no such file'],
  [['run'], 'run: no workers: give a command behind --, or set workers in the config'],
  [['run', 'node', 'x'], 'run: "node": the workers\' command goes behind --'],
  [['run', '--workers', '2'], 'run: --workers 2: it counts the workers of a command behind --'],
  [['run', '--quiet', '--verbose'], "option '--quiet' cannot be used with option '--verbose'"],
])('refuses %j with exit code 2 and one line', async (args, line) => {
  const exited = await nacBroker(args, { cwd: '/' })
  expect(exited).toEqual({ code: 2, stdout: '', stderr: `nac-broker: ${line}\n` })
})

it.concurrent.each([
  ['/proc/x', 'no directory can be made in /proc'],
  ['/dev/null', '/dev/null is no directory'],
])('refuses the report directory %s before anything is started', async (given, why) => {
  const args = ['run', '--testbed', TESTBED, '--report-dir', given, '--', 'true']
  const exited = await nacBroker(args, { cwd: '/' })
  const line = `report directory ${given}: ${why}; choose another with --report-dir, or report_dir in the config`
  expect(exited).toEqual({ code: 2, stdout: '', stderr: `nac-broker: ${line}\n` })
})

it.concurrent('names file, line and nearest key for a mistake in the config', async () => {
  await using folder = await temporaryFolder()
  await writeFile(folder.path('nac-broker.yaml'), 'broker:\n  max_conections: 5\n')
  const exited = await nacBroker(['run', '--', 'true'], { cwd: folder.path() })
  expect(exited).toMatchObject({ code: 2, stdout: '' })
  expect(exited.stderr).toMatch(
    /^nac-broker: nac-broker.yaml:2: broker.max_conections: unknown key; did you mean max_connections\? .*\n$/,
  )
})

it.concurrent('names each mistake in the config on a line of its own', async () => {
  await using folder = await temporaryFolder()
  await writeFile(folder.path('nac-broker.yaml'), 'max_paralel: 5\nbroker:\n  host: tread\n')
  const exited = await nacBroker(['run', '--', 'true'], { cwd: folder.path() })
  expect(exited).toMatchObject({ code: 2, stdout: '' })
  expect(exited.stderr).toMatch(
    /^nac-broker: nac-broker.yaml:1: max_paralel: .*\nnac-broker: nac-broker.yaml:3: broker.host: "tread" .*\n$/,
  )
})

it.concurrent('names file and line where the config names a testbed that is not there', async () => {
  await using folder = await temporaryFolder()
  await writeFile(folder.path('nac-broker.yaml'), '\ntestbed: nowhere.yaml\n')
  const exited = await nacBroker(['run', '--', 'true'], { cwd: folder.path() })
  const line = `nac-broker.yaml:2: testbed: ${folder.path('nowhere.yaml')}: there is no such file`
  expect(exited).toEqual({ code: 2, stdout: '', stderr: `nac-broker: ${line}\n` })
})

it.concurrent('names file and line for a mistake in the testbed', async () => {
  await using folder = await temporaryFolder()
  await writeFile(
    folder.path('t.yaml'),
    'devices:\n  r1:\n    os: iosxe\n    connections:\n      cli: {}\n',
  )
  const exited = await nacBroker(['serve', '--testbed', 't.yaml'], { cwd: folder.path() })
  const line = 't.yaml:5: device "r1" has no ip or host; add one to connections.cli'
  expect(exited).toEqual({ code: 2, stdout: '', stderr: `nac-broker: ${line}\n` })
})

it.concurrent.each(COMMANDS)('explains %s and exits 0', async (command) => {
  const { code, stdout, stderr } = await nacBroker([command, '--help'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toContain(`Usage: nac-broker ${command} `)
  expect(stdout).toContain('--log-level <level>')
})

it.concurrent('prints its version and exits 0', async () => {
  const exited = await nacBroker(['--version'])
  expect(exited).toEqual({
    code: 0,
    stderr: '',
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
  })
})
