import type { DeviceLogEntry } from '@nac-broker/devices'
import { expect, it } from 'vitest'
import { witnessed } from './witnessed.ts'

const at = '2026-01-01T00:00:00.000Z'
const login = (device: string): DeviceLogEntry => ({ at, device, session: 1, event: 'login' })
const logout = (device: string): DeviceLogEntry => ({
  at,
  device,
  session: 1,
  event: 'logout',
  reason: 'exit',
})
const command = (device: string, line: string): DeviceLogEntry => ({
  at,
  device,
  session: 1,
  event: 'command',
  line,
})

it('counts what devices saw', () => {
  const log = [
    login('a'),
    command('a', 'terminal length 0'),
    command('a', 'show clock'),
    command('a', 'write nonce 1'),
    login('b'),
    command('b', 'show clock'),
    login('b'),
    logout('a'),
    login('a'),
    command('a', 'terminal length 0'),
    command('a', 'show clock'),
    command('a', 'write nonce 2'),
    command('b', 'write nonce 1'),
  ]
  expect(witnessed(log)).toEqual({
    logins: 4,
    executed: 6,
    changes: 2,
    changedTwice: 1,
    mostSessions: 3,
    mostSessionsOfADevice: 2,
  })
})
