import { describe, expect, test } from 'vitest'
import {
  decodeNacTestRequest,
  encodeNacTestError,
  encodeNacTestSuccess,
} from './nac-test-dialect.ts'

const decodeText = (text: string): unknown => decodeNacTestRequest(Buffer.from(text))
const invalid = (error: string): unknown => ({ command: 'invalid', error })

describe('a request', () => {
  test.each([
    { command: 'ping' },
    { command: 'status' },
    { command: 'execute', hostname: 'r1', cmd: 'show version' },
    { command: 'connect', hostname: 'r1' },
    { command: 'disconnect', hostname: 'r1' },
  ])('to $command is understood, whatever other fields it has', (request) => {
    expect(decodeText(JSON.stringify({ ...request, id: 7, timeout: null }))).toEqual(request)
  })

  test('keeps characters beyond ASCII, raw or escaped', () => {
    const request = { command: 'execute', hostname: 'r1', cmd: 'show Zürich 日本' }
    expect(decodeText(JSON.stringify(request))).toEqual(request)
    expect(
      decodeText('{"command":"execute","hostname":"r1","cmd":"show Z\\u00fcrich \\u65e5\\u672c"}'),
    ).toEqual(request)
  })
})

describe("an invalid request is answered in the very words of nac-test's broker", () => {
  const either = invalid('Missing hostname or cmd parameter')
  const hostname = invalid('Missing hostname parameter')

  test.each([
    ['{"command":"execute"}', either],
    ['{"command":"execute","hostname":"r1"}', either],
    ['{"command":"execute","cmd":"show version"}', either],
    ['{"command":"execute","hostname":"","cmd":"show version"}', either],
    ['{"command":"execute","hostname":"r1","cmd":""}', either],
    ['{"command":"execute","hostname":null,"cmd":null}', either],
    ['{"command":"connect"}', hostname],
    ['{"command":"connect","hostname":""}', hostname],
    ['{"command":"disconnect"}', hostname],
    ['{"command":"disconnect","hostname":null}', hostname],
    ['{"command":"reboot"}', invalid('Unknown command: reboot')],
    ['{"command":"PING"}', invalid('Unknown command: PING')],
    ['{"command":""}', invalid('Unknown command: ')],
    ['{"command":null}', invalid('Unknown command: None')],
    ['{"command":true}', invalid('Unknown command: True')],
    ['{"command":false}', invalid('Unknown command: False')],
    ['{"command":7}', invalid('Unknown command: 7')],
    ['{"command":"toString"}', invalid('Unknown command: toString')],
    ['{}', invalid('Unknown command: None')],
    ['[]', invalid("'list' object has no attribute 'get'")],
    ['"ping"', invalid("'str' object has no attribute 'get'")],
    ['7', invalid("'int' object has no attribute 'get'")],
    ['-7.5', invalid("'float' object has no attribute 'get'")],
    ['true', invalid("'bool' object has no attribute 'get'")],
    ['null', invalid("'NoneType' object has no attribute 'get'")],
  ])('%s', (text, expected) => {
    expect(decodeText(text)).toEqual(expected)
  })
})

describe('a payload that is no request at all throws, for the connection to be closed', () => {
  test.each([
    ['bad JSON', Buffer.from('{"command":"ping"')],
    ['two values', Buffer.from('{"command":"ping"}{}')],
    ['single quotes', Buffer.from("{'command':'ping'}")],
    ['blanks only', Buffer.from('  ')],
    ['a byte order mark', Buffer.from('\ufeff{"command":"ping"}')],
    ['bad UTF-8', Buffer.from([0xff, 0xfe])],
    ['bad UTF-8 inside a string', Buffer.from('{"command":"pi\xffng"}', 'latin1')],
    ['UTF-16', Buffer.from('{"command":"ping"}', 'utf16le')],
  ])('%s', (_, payload) => {
    expect(() => decodeNacTestRequest(payload)).toThrow(Error)
  })
})

describe('a reply', () => {
  test('is a frame of JSON with a status', () => {
    expect(encodeNacTestSuccess('pong').toString('latin1')).toBe(
      '\0\0\0\x24{"status":"success","result":"pong"}',
    )
    expect(encodeNacTestSuccess(true).subarray(4).toString()).toBe(
      '{"status":"success","result":true}',
    )
    expect(encodeNacTestError('Device r9 not found in testbed').subarray(4).toString()).toBe(
      '{"status":"error","error":"Device r9 not found in testbed"}',
    )
  })

  test('has a length in bytes, not in characters', () => {
    const frame = encodeNacTestSuccess('Zürich 🙂')
    expect(frame.readUInt32BE(0)).toBe(frame.length - 4)
    expect(JSON.parse(frame.subarray(4).toString())).toEqual({
      status: 'success',
      result: 'Zürich 🙂',
    })
  })

  test('may be larger than any request', () => {
    expect(encodeNacTestSuccess('x'.repeat(11 * 1024 * 1024)).length).toBeGreaterThan(11_534_336)
  })
})
