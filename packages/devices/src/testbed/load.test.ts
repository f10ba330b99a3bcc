import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BrokerError } from '@nac-broker/protocol'
import { iosxe } from '../platforms/iosxe.ts'
import { loadTestbed, parseTestbed } from './load.ts'
import type { Testbed } from './testbed.ts'

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'testbed-'))
})

afterEach(async () => {
  await rm(directory, { recursive: true })
})

async function write(name: string, text: string): Promise<string> {
  const path = join(directory, name)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
  return path
}

async function load(text: string, env: NodeJS.ProcessEnv = {}): Promise<Testbed> {
  return loadTestbed(await write('testbed.yaml', text), { env })
}

async function failure(attempt: Promise<unknown>): Promise<BrokerError> {
  const error = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof BrokerError) return error
  throw new Error('no BrokerError came', { cause: error })
}

/** The message of a bad testbed, its directory taken off. */
async function complaint(text: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const error = await failure(load(text, env))
  expect(error.code).toBe('TESTBED_INVALID')
  return error.message.replaceAll(`${directory}/`, '')
}

/** A device `r1` of which `lines` are the connection `cli`. */
function withCli(...lines: string[]): string {
  const cli = lines.map((line) => `        ${line}\n`).join('')
  return `devices:\n  r1:\n    os: iosxe\n    connections:\n      cli:\n${cli}`
}

describe('a testbed as nac-test writes it', () => {
  const path = join(import.meta.dirname, 'fixtures/nac-test.yaml')

  test('is read whole, with no environment at hand', async () => {
    const testbed = await loadTestbed(path, { env: {} })
    expect(testbed.name).toBe('nac_test_consolidated_testbed')
    expect(testbed.path).toBe(path)
    expect(testbed.deviceNames).toEqual(['sd-dc-c8kv-01', 'sd-dc-c8kv-02', 'mocked'])
    expect(testbed.device('sd-dc-c8kv-01')).toEqual({
      name: 'sd-dc-c8kv-01',
      platform: iosxe,
      connection: {
        protocol: 'ssh',
        host: '10.100.1.1',
        port: 22,
        hostKeys: 'insecure',
        identityFiles: [],
      },
      credentials: { default: { username: 'u', password: 'p', at: `${path}:10` } },
      initConfigCommands: [],
    })
  })

  test('keeps the markup of credentials for whoever logs in', async () => {
    const env = { IOSXE_USERNAME: 'admin', IOSXE_PASSWORD: 'secret' }
    const testbed = await loadTestbed(path, { env })
    expect(testbed.device('mocked')).toEqual({
      name: 'mocked',
      platform: iosxe,
      connection: { protocol: 'command', command: 'python3 mock.py iosxe --hostname mocked' },
      credentials: {
        default: {
          username: '%ENV{IOSXE_USERNAME}',
          password: '%ENV{IOSXE_PASSWORD}',
          at: `${path}:3`,
        },
      },
      initConfigCommands: [],
    })
  })

  test('has its telnet device as a problem, and the others work', async () => {
    const testbed = await loadTestbed(path, { env: {} })
    const message =
      `${path}:26: device "sd-dc-c8kv-02": connection "cli" has protocol "telnet", ` +
      'which is not supported; use protocol ssh, or a command'
    expect(testbed.problems.map((problem) => problem.message)).toEqual([message])
    expect(() => testbed.device('sd-dc-c8kv-02')).toThrow(testbed.problems[0])
    expect(testbed.problems[0]).toMatchObject({ code: 'TESTBED_INVALID', device: 'sd-dc-c8kv-02' })
  })
})

describe('a device', () => {
  test('with an ip needs neither protocol nor port', async () => {
    const testbed = await load(withCli('ip: 192.0.2.1'))
    expect(testbed.device('r1').connection).toEqual({
      protocol: 'ssh',
      host: '192.0.2.1',
      port: 22,
      identityFiles: [],
    })
  })

  test('may have a host in place of an ip, and lines for configuration mode', async () => {
    const testbed = await load(
      withCli(
        'host: r1.lab',
        'port: 2222',
        'arguments: {init_config_commands: [no logging console]}',
      ),
    )
    expect(testbed.device('r1').connection).toMatchObject({ host: 'r1.lab', port: 2222 })
    expect(testbed.device('r1').initConfigCommands).toEqual(['no logging console'])
  })

  test('that the testbed does not have is UNKNOWN_DEVICE', async () => {
    const testbed = await load(withCli('ip: 192.0.2.1'))
    expect(() => testbed.device('r2')).toThrow(
      expect.objectContaining({
        code: 'UNKNOWN_DEVICE',
        message: `device "r2" is not in ${testbed.path}; did you mean r1?`,
      }),
    )
    expect(() => testbed.device('constructor')).toThrow(/ is not in \S+$/)
  })

  test('of an os without a platform is a problem of its own', async () => {
    const testbed = await load(
      `${withCli('ip: 192.0.2.1')}  j1:\n    type: router\n    os: junos\n    connections: nonsense\n`,
    )
    expect(testbed.device('r1').name).toBe('r1')
    expect(() => testbed.device('j1')).toThrow(
      `${testbed.path}:9: device "j1" has os "junos", which is not supported ` +
        '(iosxe, ios, nxos, frr, linux)',
    )
    expect(testbed.problems).toHaveLength(1)
  })

  test.each([
    ['what defaults.via names', 'defaults: {via: b}', 'b'],
    ['cli without a via', 'defaults: {class: unicon.Unicon}', 'cli'],
  ])('is reached by %s', async (_title, defaults, expected) => {
    const testbed = await load(`
devices:
  r1:
    os: iosxe
    connections:
      ${defaults}
      a: {ip: a}
      b: {ip: b}
      cli: {ip: cli}
`)
    expect(testbed.device('r1').connection).toMatchObject({ host: expected })
  })

  test.each([
    ['protocol: netconf', 'protocol "netconf"'],
    ['class: rest.connector.Rest', 'class "rest.connector.Rest"'],
  ])('is reached by the first connection that can be driven, so not by %s', async (kind, named) => {
    const rest = `{${kind}, ip: rest, password: "%ASK{}"}`
    const head = `devices:\n  r1:\n    os: iosxe\n    connections:\n      cli: ${rest}\n`
    const testbed = await load(`${head}      vty: {ip: vty}\n      other: {ip: other}\n`)
    expect(testbed.device('r1').connection).toMatchObject({ host: 'vty' })
    const alone = await load(head)
    expect(() => alone.device('r1')).toThrow(
      `connection "cli" has ${named}, which is not supported`,
    )
  })

  test('is not reached otherwise than via names, drivable or not', async () => {
    const testbed = await load(`
devices:
  r1:
    os: iosxe
    connections:
      defaults: {via: vty}
      cli: {ip: 192.0.2.1}
      vty: {ip: 192.0.2.1, protocol: telnet}
`)
    expect(() => testbed.device('r1')).toThrow('connection "vty" has protocol "telnet"')
  })

  test('finds the files of its ssh_options beside the testbed and in the home directory', async () => {
    const options =
      '-o UserKnownHostsFile=keys/known_hosts -i ~/.ssh/lab -o "IdentityFile /k" -p 2022'
    const testbed = await load(withCli('ip: 192.0.2.1', `ssh_options: '${options}'`))
    expect(testbed.device('r1').connection).toEqual({
      protocol: 'ssh',
      host: '192.0.2.1',
      port: 2022,
      knownHostsFile: join(directory, 'keys/known_hosts'),
      identityFiles: [join(homedir(), '.ssh/lab'), '/k'],
    })
  })

  test('has the port of its connection rather than that of the ssh_options', async () => {
    const testbed = await load(withCli('ip: a', 'port: 22', 'ssh_options: -p 2022'))
    expect(testbed.device('r1').connection).toMatchObject({ port: 22 })
  })
})

describe('credentials', () => {
  test('are inherited by name from the device and the testbed', async () => {
    const testbed = await load(`
testbed:
  credentials:
    default: {username: t, password: t}
    enable: {password: t}
    spare: {password: t}
devices:
  r1:
    os: iosxe
    credentials:
      default: {username: d, password: d}
      enable: {password: d}
    connections:
      cli:
        ip: 192.0.2.1
        credentials:
          default: {username: c}
      other: {ip: 192.0.2.1, credentials: {default: {username: o}}}
`)
    expect(testbed.device('r1').credentials).toEqual({
      default: { username: 'c', at: `${testbed.path}:17` },
      enable: { password: 'd', at: `${testbed.path}:12` },
      spare: { password: 't', at: `${testbed.path}:6` },
    })
  })

  test('stay exactly as they are written, whatever YAML takes them for', async () => {
    const testbed = await load(
      `testbed: {credentials: {default: {username: yes, password: 0123}, enable: {password: 1e3}}}\n` +
        withCli('ip: 192.0.2.1'),
    )
    expect(testbed.device('r1').credentials).toMatchObject({
      default: { username: 'yes', password: '0123' },
      enable: { password: '1e3' },
    })
  })
})

describe('what a testbed does not read', () => {
  test('may hold any markup, and so may unknown keys', async () => {
    const testbed = await load(`
testbed: {custom: {a: '%ASK{}'}, servers: {x: '%ENV{NOT_SET}'}}
devices:
  r1:
    os: iosxe
    colour: '%{no.such.thing}'
    custom: {b: '%INCLUDE{missing.yaml}', all: '%{devices.r1}'}
    connections:
      cli: {ip: 192.0.2.1, settings: {c: '%CALLABLE{x.y}'}}
topology: '%ENC{abc}'
`)
    expect(testbed.device('r1').connection).toMatchObject({ host: '192.0.2.1' })
  })
})

describe('markup', () => {
  test('%ENV{} outside credentials is resolved when the testbed is loaded', async () => {
    const text = withCli('ip: "%ENV{ NET }.%ENV{HOST}"', 'port: "%ENV{PORT}"')
    const testbed = await load(text, { NET: '192.0.2', HOST: '7', PORT: '2222' })
    expect(testbed.device('r1').connection).toMatchObject({ host: '192.0.2.7', port: 2222 })
  })

  test('a value from the environment is not markup again', async () => {
    const testbed = await load(withCli('ip: "%ENV{A}"'), { A: '%ENV{B}%{testbed.name}' })
    expect(testbed.device('r1').connection).toMatchObject({ host: '%ENV{B}%{testbed.name}' })
  })

  test('%{} refers to anything in the document, through dots in keys and through other markup', async () => {
    const testbed = await load(
      `
testbed:
  name: lab
  custom: {domain: '%ENV{DOMAIN}', login: {username: '%ENV{USER_NAME}'}, r: '%{devices.r1.lab}'}
devices:
  r1.lab:
    os: iosxe
    custom: {x: one}
    credentials: {default: '%{testbed.custom.login}'}
    connections:
      cli: {ip: '%{testbed.custom.r.custom.x}.%{testbed.name}.%{testbed.custom.domain}'}
  r1: {os: linux, connections: {cli: {ip: r1}}}
  r2:
    os: '%{devices.r1.lab.os}'
    connections: '%{devices.r1.lab.connections}'
`,
      { DOMAIN: 'example.org' },
    )
    expect(testbed.device('r1.lab').connection).toMatchObject({ host: 'one.lab.example.org' })
    expect(testbed.device('r1.lab').credentials['default']?.username).toBe('%ENV{USER_NAME}')
    expect(testbed.device('r2').connection).toMatchObject({ host: 'one.lab.example.org' })
  })

  test('%INCLUDE{} puts in a file, which may include others beside itself', async () => {
    await write('parts/devices.yaml', `r1: {os: frr, connections: '%INCLUDE{deeper/cli.yaml}'}`)
    await write('parts/deeper/cli.yaml', `cli: {ip: a, ssh_options: -i key}`)
    await write('secrets.yaml', `default: {password: '%ENV{PASSWORD}'}`)
    const testbed = await load(`
testbed: {credentials: '%INCLUDE{secrets.yaml}'}
devices: '%INCLUDE{parts/devices.yaml}'
`)
    expect(testbed.device('r1').connection).toMatchObject({
      identityFiles: [join(directory, 'parts/deeper/key')],
    })
    expect(testbed.device('r1').credentials).toEqual({
      default: { password: '%ENV{PASSWORD}', at: `${directory}/secrets.yaml:1` },
    })
  })

  test('YAML anchors and merge keys work', async () => {
    const testbed = await load(`
base: &base {os: nxos, connections: &connections {cli: {ip: a}}}
devices:
  r1: {<<: *base, os: frr}
  r2: {os: linux, connections: *connections}
  r3: {<<: [{os: linux}, *base]}
`)
    const all = testbed.deviceNames.map((name) => testbed.device(name).platform.os[0])
    expect(all).toEqual(['frr', 'linux', 'linux'])
  })
})

describe('extends', () => {
  test('lays the file over those it names, the first of a list over the later ones', async () => {
    await write('a.yaml', 'testbed: {name: a}\ndevices: {r1: {connections: {cli: {ip: a}}}}\n')
    await write(
      'lib/b.yaml',
      'extends: c.yaml\ndevices: {r1: {connections: {cli: {ip: b, port: 1}}}}\n',
    )
    await write(
      'lib/c.yaml',
      'testbed: {name: c}\ndevices: {r0: {os: frr, connections: {x: {ip: c}}}}\n',
    )
    const testbed = await load(
      'extends: [a.yaml, lib/b.yaml]\ndevices: {r1: {os: iosxe, custom: "%{testbed.name}"}}\n',
    )
    expect(testbed.name).toBe('a')
    expect(testbed.deviceNames).toEqual(['r0', 'r1'])
    expect(testbed.device('r1').connection).toMatchObject({ host: 'a', port: 1 })
    expect(testbed.device('r0').connection).toMatchObject({ host: 'c' })
  })

  test('names the file in which a mistake is', async () => {
    await write('base.yaml', withCli('port: 22'))
    expect(await complaint('extends: base.yaml\n')).toBe(
      'base.yaml:5: device "r1" has no ip or host; add one to connections.cli',
    )
  })

  test('ends when files lead back to themselves', async () => {
    await write('a.yaml', 'extends: testbed.yaml\n')
    expect(await complaint('\nextends: a.yaml\n')).toBe(
      'testbed.yaml:2: extends a file that cannot be used: a.yaml:1: extends a file that cannot be ' +
        'used: testbed.yaml: the files lead back to this one',
    )
  })
})

describe('a testbed without a name', () => {
  test.each([
    ['lab.yaml', 'lab'],
    ['CONFIG.lab.yml', 'lab'],
  ])('in %s is called %s', async (file, name) => {
    expect((await parseTestbed(withCli('ip: a'), file, { env: {} })).name).toBe(name)
  })
})

describe('a file', () => {
  test('that does not exist is named as it was given', async () => {
    const error = await failure(loadTestbed('no/such/testbed.yaml'))
    expect(error.code).toBe('TESTBED_INVALID')
    expect(error.message).toBe('no/such/testbed.yaml: there is no such file')
  })

  test('that is a directory is refused', async () => {
    const error = await failure(loadTestbed(directory))
    expect(error.message).toBe(`${directory}: this is a directory, not a file`)
  })
})

describe('a bad testbed is refused with file and line:', () => {
  const cli = 'connections: {cli: {ip: 192.0.2.1}}'

  test.each<[what: string, text: string, message: string]>([
    ['empty', '', '1: the file is empty; a testbed has a "devices" section'],
    ['comments', '# later\n', '1: the file is empty; a testbed has a "devices" section'],
    ['a list', '- r1\n', '1: the testbed must be a mapping, not a list'],
    [
      'no devices',
      'testbed: {name: lab}\n',
      '1: the testbed has no devices; add them to a "devices" section',
    ],
    [
      'an empty section',
      'testbed: {}\ndevices:\n',
      '2: the testbed has no devices; what belongs to "devices" goes below it, indented',
    ],
    [
      'a misspelt section',
      'testbed: {}\ndevice:\n  r1: {}\n',
      '2: the testbed has no devices, but "device"; rename it to "devices"',
    ],
    [
      'devices as a list',
      '\ndevices:\n  - r1\n',
      '2: the testbed: devices must be a mapping, not a list',
    ],
    ['a device as text', 'devices:\n  r1: iosxe\n', '2: device "r1" must be a mapping, not text'],
    [
      'a device as nothing',
      'devices:\n  r1:\n  os: iosxe\n',
      '2: device "r1" must be a mapping, not empty; what belongs to it goes below it, indented',
    ],
    [
      'a misspelt os',
      `devices:\n  r1:\n    oss: iosxe\n    ${cli}\n`,
      '3: device "r1" has no os, but "oss"; rename it to "os"',
    ],
    ['no os', `devices:\n  r1:\n    ${cli}\n`, '2: device "r1" has no os'],
    ['no connections', 'devices:\n  r1:\n    os: iosxe\n', '2: device "r1" has no connection'],
    [
      'a connection beside the connections',
      'devices:\n  r1:\n    os: iosxe\n    connections:\n    cli:\n      ip: a\n',
      '4: device "r1" has no connection; what belongs to "connections" goes below it, indented',
    ],
    [
      'an address beside its connection',
      'devices:\n  r1:\n    os: iosxe\n    connections:\n      cli:\n      ip: a\n',
      '6: device "r1": "ip" stands in connections itself; put it into one, as in connections.cli.ip',
    ],
    [
      'misspelt connections',
      'devices:\n  r1:\n    os: iosxe\n    conections: {cli: {ip: a}}\n',
      '4: device "r1" has no connection, but "conections"; rename it to "connections"',
    ],
    [
      'misspelt credentials of a connection',
      'devices:\n  r1:\n    os: iosxe\n    connections:\n      cli:\n        ip: a\n        credential: {default: {username: u}}\n',
      '7: device "r1" has no credentials, but "credential"; rename it to "credentials"',
    ],
    [
      'a misspelt ip',
      withCli('port: 22', 'ipp: a'),
      '7: device "r1" has no ip or host, but "ipp"; rename it to "ip"',
    ],
    [
      'a misspelt command',
      withCli('comand: ./r1'),
      '6: device "r1" has no ip or host, but "comand"; rename it to "command"',
    ],
    [
      'only defaults',
      'devices:\n  r1:\n    os: iosxe\n    connections: {defaults: {via: cli}}\n',
      '4: device "r1" has no connection',
    ],
    [
      'a via to nowhere',
      'devices:\n  r1:\n    os: iosxe\n    connections:\n      defaults:\n        via: ssh\n      cli: {ip: a}\n',
      '6: device "r1": connections.defaults.via names "ssh", but there is only cli',
    ],
    [
      'no ip or host',
      withCli('protocol: ssh', 'ip:'),
      '5: device "r1" has no ip or host; add one to connections.cli',
    ],
    [
      'a port out of range',
      withCli('ip: a', 'port: 65536'),
      '7: device "r1": connection "cli": port must be a number from 1 to 65535, not "65536"',
    ],
    [
      'a port of words',
      withCli('ip: a', 'port: ssh'),
      '7: device "r1": connection "cli": port must be a number from 1 to 65535, not "ssh"',
    ],
    [
      'a list for an ip',
      withCli('port: 22', 'ip: [a, b]'),
      '7: device "r1": connection "cli": ip must be text, not a list',
    ],
    [
      'a connection as text',
      'devices:\n  r1:\n    os: iosxe\n    connections:\n      cli: ssh\n',
      '5: device "r1": connection "cli" must be a mapping, not text',
    ],
    [
      'a mapping among configuration lines',
      withCli('ip: a', 'arguments:', '  init_config_commands:', '    - a', '    - b: c'),
      '10: device "r1": connection "cli": arguments.init_config_commands.1 must be text, not a mapping',
    ],
    [
      'ssh_options with a bad value',
      withCli('ip: a', 'ssh_options: -o StrictHostKeyChecking=maybe'),
      '7: device "r1": ssh_options: StrictHostKeyChecking must be yes, no or accept-new, not "maybe"',
    ],
    [
      'credentials as text',
      `testbed:\n  credentials: admin\n${withCli('ip: a')}`,
      '2: the testbed: credentials must be a mapping, not text',
    ],
    [
      'a password as a list, which is not quoted',
      `devices:\n  r1:\n    os: iosxe\n    ${cli}\n    credentials:\n      default:\n        password: [hunter2]\n`,
      '7: device "r1": credential "default": password must be text, not a list',
    ],
    [
      'a device twice',
      `devices:\n  r1: {os: iosxe, ${cli}}\n  r1: {os: iosxe, ${cli}}\n`,
      '3: the key r1 is there twice; remove one',
    ],
    [
      'markup without quotes',
      `testbed:\n  credentials:\n    default:\n      username: %ENV{USER}\n`,
      '4: a value that begins with % must be in quotes, as in "%ENV{NAME}"',
    ],
    ['a tab', 'devices:\n\tr1: {}\n', '2: no valid YAML: Tabs are not allowed as indentation'],
    [
      'connections as text',
      'devices:\n  r1:\n    os: iosxe\n    connections: "%ENV{CLI}"\n',
      '4: device "r1": connections needs the environment variable CLI, which is not set',
    ],
    [
      'a password that begins as a block, which is not quoted',
      'testbed:\n  credentials: \n    default:\n      password: |hunter2\n',
      '4: no valid YAML: Block scalar header includes extra characters',
    ],
    [
      'a password with something behind it, which is not quoted',
      'testbed:\n  credentials: {default: {password: "hunter2" hunter3}}\n',
      '2: no valid YAML: Unexpected scalar at node end',
    ],
    ['two documents', 'a: 1\n---\nb: 1\n', '2: a second document begins here; a testbed is one'],
    ['an unknown alias', 'a:\n  b: *c\n', '2: the alias *c has no anchor &c before it'],
    ['a circular alias', 'a: &a\n  b: *a\n', '2: the alias *a contains itself'],
    ['a mapping for a key', 'devices:\n  ? {a: b}\n  : c\n', '2: a key must be text'],
    [
      'a variable that is not set',
      withCli('port: 22', 'ip: "%ENV{R1_IP}"'),
      '7: device "r1": connection "cli" needs the environment variable R1_IP, which is not set',
    ],
    [
      'a reference to nothing',
      withCli('ip: "%{testbed.custom.ip}"'),
      '6: device "r1": connection "cli" refers to %{testbed.custom.ip}, which is not there',
    ],
    [
      'a reference to itself',
      withCli('ip: "%{devices.r1.connections.cli.ip}"'),
      '6: device "r1": connection "cli" refers to %{devices.r1.connections.cli.ip}, which needs itself',
    ],
    [
      'a reference through markup that is refused',
      `testbed: {custom: '%CLI{custom}'}\n${withCli('ip: "%{testbed.custom.ip}"')}`,
      '7: device "r1": connection "cli" uses %CLI{}, which reads the arguments of pyATS; write %ENV{NAME}',
    ],
    [
      'a mapping within text',
      withCli('ip: "x-%{devices.r1}"'),
      '6: device "r1": connection "cli" puts %{devices.r1} within text, but that is not text',
    ],
    [
      'self',
      withCli('ip: "%{self.custom.ip}"'),
      '6: device "r1": connection "cli" refers to %{self.custom.ip}; write the path from the top, as in %{devices.NAME.os}',
    ],
    [
      'a missing include',
      '\ndevices: "%INCLUDE{devices.yaml}"\n',
      '2: the testbed includes a file that cannot be used: devices.yaml: there is no such file',
    ],
    [
      'an include within text',
      withCli('ip: "x%INCLUDE{ip.yaml}"'),
      '6: device "r1": connection "cli" uses %INCLUDE{} within other text; it must be the whole value',
    ],
    [
      'an include of itself',
      'devices: "%INCLUDE{testbed.yaml}"\n',
      '1: the testbed includes a file that cannot be used: testbed.yaml: the files lead back to this one',
    ],
    [
      'a missing base',
      '\nextends: base.yaml\n',
      '2: extends a file that cannot be used: base.yaml: there is no such file',
    ],
    [
      'extends of a mapping',
      'extends:\n  - {a: b}\n',
      '2: extends must be the name of a file, or a list of them',
    ],
    [
      '%CALLABLE{}',
      withCli('ip: "%CALLABLE{lab.ip(r1)}"'),
      '6: device "r1": connection "cli" uses %CALLABLE{}, which runs Python code; write %ENV{NAME} or the value itself',
    ],
    [
      '%ASK{} in credentials',
      `testbed:\n  credentials:\n    default:\n      password: "%ASK{Password}"\n${withCli('ip: a')}`,
      '4: the testbed: credential "default" uses %ASK{}, but a broker has no terminal to ask on; write %ENV{NAME}',
    ],
    [
      '%ENC{} in credentials',
      `testbed:\n  credentials:\n    default:\n      password: "%ENC{w5PDosOUw5fDosKQ}"\n${withCli('ip: a')}`,
      '4: the testbed: credential "default" uses %ENC{}, which only pyATS can decrypt (its own cypher, or a Fernet key); put the secret in the environment and write %ENV{NAME}',
    ],
  ])('%s', async (_what, text, message) => {
    expect(await complaint(text)).toBe(`testbed.yaml:${message}`)
  })

  test('a message is one line and names the device', async () => {
    const error = await failure(load(withCli('port: 22')))
    expect(error.message).not.toContain('\n')
    expect(error.device).toBe('r1')
    expect(error.sent).toBe('no')
  })
})
