import { describe, expect, test } from 'vitest'
import { BrokerError } from '@nac-broker/protocol'
import { resolveCredential } from './credentials.ts'
import { parseTestbed } from './load.ts'
import type { Device } from './testbed.ts'

async function device(credentials: string): Promise<Device> {
  const text = `devices:
  r1:
    os: iosxe
    connections: {cli: {ip: 192.0.2.1}}
    credentials: ${credentials}
`
  return (await parseTestbed(text, 'testbed.yaml', { env: {} })).device('r1')
}

describe('resolving a credential', () => {
  test('puts in variables of the environment, anywhere in the text', async () => {
    const r1 = await device(`{default: {username: '%ENV{USER}-lab', password: '%ENV{ A }%ENV{B}'}}`)
    const env = { USER: 'admin', A: 'one', B: '$&%ENV{A}' }
    expect(resolveCredential(r1, 'default', env)).toEqual({
      username: 'admin-lab',
      password: 'one$&%ENV{A}',
    })
  })

  test('of a name falls back to default', async () => {
    const r1 = await device(`{default: {username: u, password: p}, enable: {password: e}}`)
    expect(resolveCredential(r1, 'enable', {})).toEqual({ password: 'e' })
    expect(resolveCredential(r1, 'console', {})).toEqual({ username: 'u', password: 'p' })
    expect(resolveCredential(r1, 'constructor', {})).toEqual({ username: 'u', password: 'p' })
  })

  test('of a device without any gives nothing', async () => {
    expect(resolveCredential(await device('{}'), 'default', {})).toEqual({})
  })

  test('leaves alone what pyATS knows beside them and we do not', async () => {
    const r1 = await device(
      '{default: {username: u}}\n    custom: {credential: x}\n    creds: rest',
    )
    expect(resolveCredential(r1, 'default', {})).toEqual({ username: 'u' })
  })

  test('takes an empty variable for an empty password', async () => {
    const r1 = await device(`{default: {password: '%ENV{EMPTY}'}}`)
    expect(resolveCredential(r1, 'default', { EMPTY: '' })).toEqual({ password: '' })
  })

  test('names the variable that is not set, where and for which device, and no secret', async () => {
    const r1 = await device(`{default: {username: '%ENV{USER}', password: 'hunter2%ENV{PIN}'}}`)
    const attempt = (): unknown => resolveCredential(r1, 'default', { USER: 'admin' })
    expect(attempt).toThrow(BrokerError)
    expect(attempt).toThrow(
      expect.objectContaining({
        code: 'CREDENTIALS_MISSING',
        device: 'r1',
        message: 'testbed.yaml:5: device "r1" needs the environment variable PIN, which is not set',
      }),
    )
  })
})
