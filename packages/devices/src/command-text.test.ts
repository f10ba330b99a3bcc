import { expect, it } from 'vitest'
import { assertOneLine } from './command-text.ts'
import { findPlatform } from './platforms/index.ts'
import type { Device } from './testbed/testbed.ts'

function device(os: string): Device {
  const platform = findPlatform(os)
  if (!platform) throw new Error(`no platform ${os}`)
  const connection = { protocol: 'command', command: 'cat' } as const
  return { name: 'r1', platform, connection, credentials: {}, initConfigCommands: [] }
}

it.each([
  ['show version\nreload', 'U+000A at position 12'],
  ['show\rversion', 'U+000D at position 4'],
  ['\u0000', 'U+0000 at position 0'],
  ['show \u007f', 'U+007F at position 5'],
])('refuses %j, naming the character and where it stands', (text, where) => {
  expect(() => assertOneLine(text, device('iosxe'))).toThrow(where)
})

it('refuses the key that opens help in the middle of a line, where a platform has one', () => {
  for (const os of ['iosxe', 'nxos', 'frr']) {
    expect(() => assertOneLine('show ip ?', device(os))).toThrow("opens the device's help")
  }
  expect(() => assertOneLine('ls file?', device('linux'))).not.toThrow()
})

it('lets any other line pass, whatever its language', () => {
  expect(() => assertOneLine('description Zürich → 東京', device('iosxe'))).not.toThrow()
})
