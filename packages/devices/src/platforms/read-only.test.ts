import { describe, expect, test } from 'vitest'
import { findPlatform } from './index.ts'

const READ_ONLY: Readonly<Record<string, readonly string[]>> = {
  iosxe: [
    'show version',
    'sh ip int br',
    'sho clock',
    '  SHOW Running-Config  ',
    'show',
    'show nonce 7',
    'show run | include a|b',
    'show ip interface brief | i Gi|Te',
    'show run |section router bgp',
    'show interfaces | count up',
    'dir flash:',
    'more flash:config.txt | begin line',
    'show clock detail',
  ],
  nxos: [
    'show version',
    'sh vlan | json',
    'show interface brief | include up | no-more',
    'show run | sec bgp',
    'show version | json-pretty',
    'dir bootflash:',
  ],
  frr: ['show ip route', 'sh bgp summary json', 'show run | include a|b'],
  linux: [
    'cat /etc/hosts',
    "cat '/etc/my hosts'",
    'ls -l /tmp/*.log',
    'uname -a',
    'hostname',
    'hostname -f',
    'uptime',
    'ip addr show dev eth0',
    'ip -4 -br a',
    'ip route get 192.0.2.1',
    'ip -json link show',
    'ss',
    'ss -tlnp',
    'ss -t state established dport = :22',
    'ps aux',
    'df -h',
    'free -m',
  ],
}

const NOT_READ_ONLY: Readonly<Record<string, readonly string[]>> = {
  iosxe: [
    '',
    'configure terminal',
    'clear counters',
    'reload',
    'showme',
    'shut',
    's version',
    'ping 192.0.2.1',
    'write memory',
    'copy running-config startup-config',
    'debug ip packet',
    'terminal length 0',
    'show run | redirect flash:run.txt',
    'show run | red flash:run.txt',
    'show run |tee flash:run.txt',
    'show run | append flash:run.txt',
    'show run | a flash:run.txt',
    'show run | include x | redirect flash:run.txt',
    'show run | SECTION x | TEE flash:run.txt',
    'more flash:a | redirect flash:b',
    'show run | format flash:spec.odm',
    'show run | ',
    'show platform hardware qfp active statistics drop clear',
    'show platform hardware qfp active statistics drop cle',
    'do show version',
  ],
  nxos: [
    'conf t',
    'show run > bootflash:run.txt',
    'show run >> bootflash:run.txt',
    'show version ; configure terminal',
    'show version;reload',
    'show run | include x | redirect bootflash:run.txt',
    'show run | include x > bootflash:run.txt',
    'show run | tee bootflash:run.txt',
    "show run | sed 's/a/b/w file'",
    'show run | se x',
    'show run | email me@example.org',
    'show run | vsh',
    'show run | s x',
    'show interface | include Eth|Vlan',
    'run bash ls',
  ],
  frr: ['configure terminal', 'clear bgp *', 'write', 'show run | redirect x', 'debug bgp updates'],
  linux: [
    '',
    'rm -rf /tmp/x',
    'date -s tomorrow',
    'hostname r2',
    'hostname -F /etc/name',
    'cat a > b',
    'cat a>b',
    'cat a >> b',
    'cat a | tee b',
    'ls; reboot',
    'ls && reboot',
    'ls &',
    'ls $(reboot)',
    'ls `reboot`',
    'ls $HOME',
    'ls !!',
    'cat <(reboot)',
    'cat\nreboot',
    'PATH=. ls',
    'sudo cat /etc/shadow',
    'lsof',
    'catch',
    '\\cat x',
    'env reboot',
    'find . -delete',
    'sort -o a b',
    'ip link set eth0 down',
    'ip -batch file',
    'ip -b file',
    'ip route flush cache',
    'ip netns exec blue reboot',
    'ip addr add 192.0.2.1/24 dev eth0',
    'ss -K dst 192.0.2.1',
    'ss -tK',
    'ss --kill',
    'ss "-K"',
    'ss *',
    'ss -D file',
  ],
}

function cases(
  table: Readonly<Record<string, readonly string[]>>,
): [os: string, command: string][] {
  return Object.entries(table).flatMap(([os, commands]) =>
    commands.map((command): [string, string] => [os, command]),
  )
}

describe('a command that only reads', () => {
  test.each(cases(READ_ONLY))('%s %j is read-only', (os, command) => {
    expect(findPlatform(os)?.isReadOnly(command)).toBe(true)
  })
})

describe('a command that writes, or might', () => {
  test.each(cases(NOT_READ_ONLY))('%s %j is not read-only', (os, command) => {
    expect(findPlatform(os)?.isReadOnly(command)).toBe(false)
  })

  test('and every command, of any platform, with a line break in it, is not', () => {
    expect(findPlatform('linux')?.isReadOnly('ls\rreboot')).toBe(false)
  })
})
