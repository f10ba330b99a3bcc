import { INTERFACES, type Machine } from './machine.ts'

/** The longest `show bulk N`, in bytes. */
const MAX_BULK = 200_000_000
const BULK_LINE = 78

/**
 * Executes a command that changes no mode, and returns what it answers, line by line; undefined when
 * there is no such command. Only `show bulk` answers the same twice; `write nonce` reads nothing, so
 * that a change can be told from every other one.
 */
export function answer(machine: Machine, line: string): Iterable<string> | undefined {
  const execution = machine.countExecution()
  const nonce = /^(?:show|write) nonce (.+)$/.exec(line)?.[1]
  if (nonce !== undefined) return [`${nonce} ${machine.countNonce()}`]
  const bulk = /^show bulk (\d+)$/.exec(line)?.[1]
  if (bulk !== undefined) return Number(bulk) <= MAX_BULK ? bulkLines(Number(bulk)) : undefined
  const body = (ANSWERS[line] ?? anyAnswer(line))?.(machine)
  const uptime = (machine.uptimeMs / 1000).toFixed(3)
  return body && [...body, `Command ${execution} on ${machine.hostname}, up ${uptime} seconds`]
}

type Answer = (machine: Machine) => readonly string[]

const ANSWERS: Readonly<Record<string, Answer>> = {
  'show version': ({ hostname, index, uptimeMs }) => [
    'Cisco IOS XE Software, Version 17.15.01a',
    'Cisco IOS Software [IOSXE], Virtual XE Software (X86_64_LINUX_IOSD-UNIVERSALK9-M), Version 17.15.1a, RELEASE SOFTWARE (fc4)',
    '',
    'ROM: IOS-XE ROMMON',
    `${hostname} uptime is ${Math.floor(uptimeMs / 60_000)} minutes`,
    'Uptime for this control processor is the same',
    'System returned to ROM by reload',
    'System image file is "bootflash:packages.conf"',
    '',
    'cisco C8000V (VXE) processor (revision VXE) with 2027875K/3075K bytes of memory.',
    `Processor board ID ${serialNumber(index)}`,
    '3 Gigabit Ethernet interfaces',
    'Configuration register is 0x2102',
    '',
  ],
  'show ip interface brief': ({ index }) => [
    'Interface              IP-Address      OK? Method Status                Protocol',
    ...INTERFACES.map(
      (name, i) =>
        `${name.padEnd(22)} ${address(index, i).padEnd(15)} YES NVRAM  up                    up`,
    ),
    '',
  ],
  'show interfaces': ({ index, packets }) =>
    INTERFACES.flatMap((name, i) => [
      `${name} is up, line protocol is up`,
      `  Hardware is vNIC, address is 5254.00${hex(index)}.00${hex(i)} (bia 5254.00${hex(index)}.00${hex(i)})`,
      `  Internet address is ${address(index, i)}/24`,
      '  MTU 1500 bytes, BW 1000000 Kbit/sec, DLY 10 usec,',
      '     reliability 255/255, txload 1/255, rxload 1/255',
      '  Encapsulation ARPA, loopback not set',
      '  Last input 00:00:00, output 00:00:00, output hang never',
      `     ${packets + i} packets input, ${(packets + i) * 98} bytes, 0 no buffer`,
      '     0 input errors, 0 CRC, 0 frame, 0 overrun, 0 ignored',
      `     ${packets + i} packets output, ${(packets + i) * 98} bytes, 0 underruns`,
    ]),
  'show running-config': ({ hostname, index, configuration }) => [
    'Building configuration...',
    '',
    'version 17.15',
    `hostname ${hostname}`,
    '!',
    ...INTERFACES.flatMap((name, i) => [
      `interface ${name}`,
      ` ip address ${address(index, i)} 255.255.255.0`,
      '!',
    ]),
    ...configuration,
    'end',
    '',
  ],
  'show clock': ({ time }) => [`*${time.toISOString().slice(11, 23)} UTC ${time.toDateString()}`],
  'show inventory': ({ index }) => [
    'NAME: "Chassis", DESCR: "Cisco Catalyst 8000V Edge Chassis"',
    `PID: C8000V            , VID: V00  , SN: ${serialNumber(index)}`,
    '',
  ],
  'clear counters': (machine) => {
    machine.clearCounters()
    return ['Cleared "show interface" counters on all interfaces']
  },
  'write memory': () => ['Building configuration...', '[OK]'],
}

function anyAnswer(line: string): Answer | undefined {
  if (!/^show \S/.test(line)) return undefined
  return ({ packets }) => [`${line.slice('show '.length)}: enabled, ${packets} packets processed`]
}

/** Numbered lines that make `size` bytes with line breaks between them, none at the end. */
function* bulkLines(size: number): Generator<string> {
  for (let left = size, number = 1; left > 0; number++) {
    // A rest too short for a line break and one more character lengthens the last line.
    const length = left > BULK_LINE + 2 ? BULK_LINE : left
    yield `${String(number).padStart(10, '0')} `.padEnd(length, '.').slice(0, length)
    left -= length + 2
  }
}

function address(router: number, port: number): string {
  return `10.${router % 256}.${port}.1`
}

function hex(byte: number): string {
  return (byte % 256).toString(16).padStart(2, '0')
}

function serialNumber(router: number): string {
  return `9SIM${String(router).padStart(7, '0')}`
}
