import type { DeviceLogEntry } from '@nac-broker/devices'
import { expect, it } from 'vitest'
import { verdict, witnessed } from './verdict.ts'

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
    login('b'),
    command('b', 'show clock'),
    login('b'),
    logout('a'),
    login('a'),
    command('a', 'terminal length 0'),
    command('a', 'show clock'),
  ]
  expect(witnessed(log)).toEqual({
    logins: 4,
    executed: 3,
    repeated: 1,
    mostSessions: 3,
    mostSessionsOfADevice: 2,
  })
})

it('finds each broken promise', () => {
  const seen = { logins: 9, executed: 3, repeated: 1, mostSessions: 9, mostSessionsOfADevice: 2 }
  const answer = {
    device: 'a',
    command: 'show clock',
    answer: 'wrong',
    cached: false,
    ms: 1,
  } as const
  const limits = { commands: 1, maxConnections: 8, maxSessionsPerDevice: 1 }
  expect(verdict([answer], seen, limits).map(({ kept }) => kept)).toEqual([
    false,
    false,
    false,
    false,
  ])
  const fine = { ...seen, repeated: 0, mostSessions: 8, mostSessionsOfADevice: 1 }
  expect(verdict([{ ...answer, answer: 'right' }], fine, limits).every(({ kept }) => kept)).toBe(
    true,
  )
})
