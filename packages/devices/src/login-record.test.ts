import { expect, it } from 'vitest'
import { BrokerError } from '@nac-broker/protocol'
import { VirtualClock } from '@nac-broker/supervisor'
import { LoginRecord } from './login-record.ts'

const refused = new BrokerError('AUTHENTICATION_FAILED', 'wrong password')
const full = new BrokerError('SESSION_LIMIT', 'all lines are in use')

it('leaves a device alone for at least a second after a failed login, and longer each time', async () => {
  const clock = new VirtualClock()
  const record = new LoginRecord(clock)
  const bounds = [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]
  for (const bound of bounds) {
    const { remainingMs } = record.failed(refused)
    expect(remainingMs).toBeGreaterThanOrEqual(1_000)
    expect(remainingMs).toBeLessThan(bound)
    await clock.advance(remainingMs - 1)
    expect(record.pause?.error).toBe(refused)
    await clock.advance(1)
    expect(record.pause).toBeUndefined()
  }
})

it('tries a device whose lines are all taken again soon', () => {
  const record = new LoginRecord(new VirtualClock())
  for (let failure = 0; failure < 20; failure++) {
    const { remainingMs, worthWaiting } = record.failed(full)
    expect(worthWaiting).toBe(true)
    expect(remainingMs).toBeLessThanOrEqual(2_000)
  }
})

it('forgets what went wrong when a login succeeds', () => {
  const record = new LoginRecord(new VirtualClock())
  for (let failure = 0; failure < 5; failure++) record.failed(refused)
  record.succeeded()
  expect(record.pause).toBeUndefined()
  expect(record.lastError).toBeUndefined()
  expect(record.failed(refused).remainingMs).toBeLessThan(2_000)
})

it('does not keep anybody from logging in again when a session was lost', () => {
  const record = new LoginRecord(new VirtualClock())
  record.lost(new BrokerError('SESSION_LOST', 'reset'))
  expect(record.lastError?.code).toBe('SESSION_LOST')
  expect(record.pause).toBeUndefined()
})
