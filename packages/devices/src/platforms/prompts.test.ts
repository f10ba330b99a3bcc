import { describe, expect, test } from 'vitest'
import { findPlatform, SUPPORTED_OS } from './index.ts'
import type { Platform } from './platform.ts'

type Level = 'login' | 'work' | 'configure'

function platform(os: string): Platform {
  const found = findPlatform(os)
  if (!found) throw new Error(`no platform for ${os}`)
  return found
}

/** Every level that the line is a prompt of. */
function levels({ prompts }: Platform, line: string): Level[] {
  const all: Level[] = ['login', 'work', 'configure']
  return all.filter((level) => prompts[level]?.test(line))
}

describe('platforms', () => {
  test('are found by their name and its aliases', () => {
    expect(SUPPORTED_OS).toEqual(['iosxe', 'ios', 'nxos', 'frr', 'linux'])
    expect(findPlatform('ios')).toBe(findPlatform('iosxe'))
    expect(findPlatform('junos')).toBeUndefined()
    expect(findPlatform('toString')).toBeUndefined()
  })
})

describe('a prompt belongs to one level:', () => {
  test.each<[os: string, line: string, level: Level]>([
    ['iosxe', 'r1>', 'login'],
    ['iosxe', 'r1#', 'work'],
    ['iosxe', 'core-1.lab/a_b# ', 'work'],
    ['iosxe', 'Switch-stby#', 'work'],
    ['iosxe', 'r1(config)#', 'configure'],
    ['iosxe', 'r1(config-if)#', 'configure'],
    ['iosxe', 'r1(config-router-af)#', 'configure'],
    ['iosxe', 'r1(ca-trustpoint)#', 'configure'],
    ['iosxe', 'r1(dhcp-config)#', 'configure'],
    ['nxos', 'n9k# ', 'work'],
    ['nxos', 'n9k-1.lab#', 'work'],
    ['nxos', 'n9k(maint-mode)# ', 'work'],
    ['nxos', 'n9k(config)# ', 'configure'],
    ['nxos', 'n9k(config-if)#', 'configure'],
    ['nxos', 'n9k(maint-mode)(config)# ', 'configure'],
    ['frr', 'frr# ', 'work'],
    ['frr', 'spine-1.lab#', 'work'],
    ['frr', 'frr(config)# ', 'configure'],
    ['frr', 'frr(config-router-af)#', 'configure'],
    ['linux', '$ ', 'work'],
    ['linux', '# ', 'work'],
    ['linux', 'user@host:~$ ', 'work'],
    ['linux', 'user@host:~$', 'work'],
    ['linux', 'user@host:/etc#', 'work'],
    ['linux', 'user@host.lab:~/my files$ ', 'work'],
    ['linux', '[user@host dir]# ', 'work'],
    ['linux', '[root@host my dir]#', 'work'],
    ['linux', 'localhost:~# ', 'work'],
    ['linux', '/ # ', 'work'],
    ['linux', '~/lab $ ', 'work'],
    ['linux', 'bash-5.2$ ', 'work'],
    ['linux', '(venv) user@host:~$ ', 'work'],
  ])('%s %j is %s', (os, line, level) => {
    expect(levels(platform(os), line)).toEqual([level])
  })

  test.each<[os: string, line: string]>([
    ['iosxe', ''],
    ['iosxe', '#'],
    ['iosxe', 'r1'],
    ['iosxe', 'r1#show version'],
    ['iosxe', 'the router r1#'],
    ['iosxe', 'r1#\n'],
    ['iosxe', 'first line\nr1#'],
    ['iosxe', '<r1>'],
    ['iosxe', ' description to r2#'],
    ['iosxe', 'Password: '],
    ['nxos', 'switch(boot)#'],
    ['nxos', 'n9k>'],
    ['frr', 'frr#  '],
    ['linux', 'user@host:~$ ls'],
    ['linux', 'Price: 5 $'],
    ['linux', 'total 12'],
    ['linux', 'first line\n$ '],
    ['linux', '100%'],
  ])('%s %j is none', (os, line) => {
    expect(levels(platform(os), line)).toEqual([])
  })
})

describe('what a device says', () => {
  test.each<[os: string, line: string]>([
    ['iosxe', "% Invalid input detected at '^' marker."],
    ['iosxe', '% Incomplete command.'],
    ['iosxe', '% Ambiguous command:  "sh v"'],
    ['iosxe', '% Unknown command or computer name, or unable to find computer address'],
    ['iosxe', '% Bad IP address or host name'],
    ['iosxe', '% Authorization failed.'],
    ['iosxe', 'Command authorization failed.'],
    ['iosxe', '% Bad secrets'],
    ['nxos', "% Invalid command at '^' marker."],
    ['nxos', "% Invalid number, range is (1:3967) at '^' marker."],
    ['nxos', "% Incomplete command at '^' marker."],
    ['nxos', "% Ambiguous command at '^' marker."],
    ['nxos', '% Permission denied for the role'],
    ['nxos', "Syntax error while parsing 'feature x'"],
    ['frr', '% Unknown command: shw version'],
    ['frr', '% Ambiguous command.'],
    ['frr', '% Command incomplete.'],
    ['frr', '% Configuration failed.'],
  ])('%s %j refuses a command', (os, line) => {
    expect(platform(os).errorPatterns.filter((pattern) => pattern.test(line))).not.toEqual([])
  })

  test.each<[os: string, line: string]>([
    ['iosxe', 'Mar  1 00:00:01: %SYS-5-CONFIG_I: Configured from console'],
    ['iosxe', "log: % Invalid input detected at '^' marker."],
    ['iosxe', '  5 minute input rate 0 bits/sec, 0% Invalid input'],
    ['nxos', 'CPU utilization: 3% Invalid 0%'],
    ['frr', '% BGP instance not found'],
    ['linux', 'bash: shwo: command not found'],
  ])('%s %j is output', (os, line) => {
    expect(platform(os).errorPatterns.filter((pattern) => pattern.test(line))).toEqual([])
  })

  test.each([
    '% All VTY lines are in use',
    '% All ttys/lines are in use',
    'Sorry, all lines are busy',
    'Too many users',
    "There were too many logins for 'admin'.",
    'No more sessions available',
    'Maximum number of sessions reached',
    'User current maximum vsh sessions exceeded',
  ])('%j means that all lines are taken', (text) => {
    for (const os of SUPPORTED_OS) expect(platform(os).linesFull.test(text)).toBe(true)
  })

  test.each([
    'r1#',
    'Password: ',
    'Welcome. All use of these lines is logged.',
    'Last login: today',
  ])('%j does not mean that', (text) => {
    for (const os of SUPPORTED_OS) expect(platform(os).linesFull.test(text)).toBe(false)
  })

  test.each([
    ['Password: ', true],
    ['Password:', true],
    ['password: ', true],
    ['Enter the password: ', false],
  ])('%j asks for the enable password: %s', (line, expected) => {
    expect(platform('iosxe').enable?.passwordPrompt.test(line)).toBe(expected)
  })
})
