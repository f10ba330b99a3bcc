import { describe, expect, test } from 'vitest'
import { scrubberOf, Secrets, secretsOf } from './secrets.ts'
import { parseTestbed } from './testbed/load.ts'

describe('secrets', () => {
  test('are found in text and in bytes, whatever stands around them', () => {
    const secrets = new Secrets(['hunter2', 'pass(w)ö$&rd'])
    expect(secrets.areIn('enable secret 0 hunter2')).toBe(true)
    expect(secrets.areIn(Buffer.from('\0xhunter23'))).toBe(true)
    expect(secrets.areIn(Buffer.from('is pass(w)ö$&rd\r\n'))).toBe(true)
    expect(secrets.areIn(Buffer.from('hunter 2 Hunter2'))).toBe(false)
  })

  test('are taken out of text, the longer one first', () => {
    const secrets = new Secrets(['hunter2', 'hunter22', '$1'])
    expect(secrets.scrub('"hunter22", "hunter2" and hunter2 again')).toBe(
      '"***", "***" and *** again',
    )
  })

  test('of fewer than four characters are not looked for: they stand everywhere', () => {
    const secrets = new Secrets(['', 'a', 'lab', 'labs'])
    expect(secrets.areIn('a lab')).toBe(false)
    expect(secrets.scrub('two labs in a lab')).toBe('two *** in a lab')
  })
})

test("a device's secrets are the passwords of all its credentials, those of the environment resolved", async () => {
  const text = `testbed: {credentials: {default: {username: somebody, password: from-testbed}}}
devices:
  r1:
    os: iosxe
    connections: {cli: {ip: 192.0.2.1, credentials: {console: {password: of-connection}}}}
    credentials: {enable: {password: 'x%ENV{ENABLE}'}, spare: {password: 'before%ENV{UNSET}'}}
`
  const device = (await parseTestbed(text, 'testbed.yaml', { env: {} })).device('r1')
  const secrets = secretsOf(device, { ENABLE: 'hunter2' })
  for (const password of ['from-testbed', 'of-connection', 'xhunter2']) {
    expect(secrets.areIn(password)).toBe(true)
  }
  for (const known of ['somebody', 'hunter2', '%ENV{ENABLE}', 'before']) {
    expect(secrets.areIn(known)).toBe(false)
  }
})

test('a command that names a password of its device is told without it, another device has others', async () => {
  const text = `devices:
  r1: {os: iosxe, connections: {cli: {ip: 192.0.2.1}}, credentials: {default: {password: hunter2}}}
  r2: {os: iosxe, connections: {cli: {ip: 192.0.2.2}}, credentials: {default: {password: swordfish}}}
`
  const scrub = scrubberOf(await parseTestbed(text, 'testbed.yaml', { env: {} }), {})
  const command = 'test aaa login hunter2 swordfish'
  expect(scrub('r1', command)).toBe('test aaa login *** swordfish')
  expect(scrub('r2', command)).toBe('test aaa login hunter2 ***')
  expect(scrub('nobody', command)).toBe(command)
  expect(scrubberOf(undefined, {})('r1', command)).toBe(command)
})
