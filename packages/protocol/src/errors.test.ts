import { describe, expect, test } from 'vitest'
import { asBrokerError, BrokerError, ERROR_CODES, wireErrorSchema } from './errors.ts'
import { decodeBrokerMessage, encodeMessage } from './messagepack-dialect.ts'

function overTheWire(error: BrokerError): BrokerError {
  const frame = encodeMessage({ type: 'response', id: 1, error: error.toJSON() })
  const message = decodeBrokerMessage(frame.subarray(4))
  if (message.type !== 'response' || message.error === undefined) throw new Error('no error came')
  return BrokerError.fromWire(message.error)
}

describe('an error', () => {
  test.each(ERROR_CODES)('%s keeps all a caller can act on across the wire', (code) => {
    const options = { sent: 'unknown', device: 'r1', retryAfterMs: 1500 } as const
    const error = new BrokerError(code, 'r1: what happened', options)
    const arrived = overTheWire(error)
    expect(arrived).toBeInstanceOf(BrokerError)
    expect(arrived).toMatchObject({ code, message: 'r1: what happened', ...options })
  })

  test('says that nothing was sent unless told otherwise', () => {
    expect(new BrokerError('CANCELLED', 'cancelled').sent).toBe('no')
  })

  test('has no empty fields in its serialised form', () => {
    expect(new BrokerError('CANCELLED', 'cancelled').toJSON()).toEqual({
      code: 'CANCELLED',
      message: 'cancelled',
      sent: 'no',
    })
  })

  test('serialises the same through JSON.stringify, and leaves the cause behind', () => {
    const cause = new Error('the password is hunter2')
    const error = new BrokerError('SESSION_LOST', 'r1: gone', { sent: 'yes', cause })
    expect(wireErrorSchema.parse(JSON.parse(JSON.stringify(error)))).toEqual(error.toJSON())
    expect(JSON.stringify(error)).not.toContain('hunter2')
    expect(error.cause).toBe(cause)
  })

  test('with a code of a newer broker becomes INTERNAL and keeps the code in its words', () => {
    const error = BrokerError.fromWire({
      code: 'OUT_OF_INK',
      message: 'r1: refill it',
      sent: 'yes',
      device: 'r1',
    })
    expect(error.code).toBe('INTERNAL')
    expect(error.message).toBe('OUT_OF_INK: r1: refill it')
    expect(error.sent).toBe('yes')
    expect(error.device).toBe('r1')
  })
})

describe('asBrokerError', () => {
  test('returns an error of ours as it is', () => {
    const error = new BrokerError('CANCELLED', 'cancelled')
    expect(asBrokerError(error, { sent: 'yes' })).toBe(error)
  })

  test('makes INTERNAL of anything else, keeping its words and cause', () => {
    const cause = new TypeError('x is not a function')
    const error = asBrokerError(cause, { sent: 'unknown', device: 'r1' })
    expect(error).toMatchObject({
      code: 'INTERNAL',
      message: cause.message,
      sent: 'unknown',
      cause,
    })
    expect(asBrokerError('just text')).toMatchObject({ code: 'INTERNAL', message: 'just text' })
  })
})

test('no error code stands twice', () => {
  expect(new Set(ERROR_CODES).size).toBe(ERROR_CODES.length)
})
