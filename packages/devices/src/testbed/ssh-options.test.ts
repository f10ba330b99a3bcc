import { describe, expect, test } from 'vitest'
import { parseSshOptions, type SshOptions } from './ssh-options.ts'

describe('ssh_options', () => {
  test.each<[options: string, read: Partial<SshOptions>]>([
    ['', {}],
    ['-o StrictHostKeyChecking=no', { hostKeys: 'insecure' }],
    ['-oStrictHostKeyChecking=accept-new', { hostKeys: 'accept-new' }],
    ['-o "StrictHostKeyChecking yes"', { hostKeys: 'strict' }],
    ["-o 'stricthostkeychecking = NO'", { hostKeys: 'insecure' }],
    ['-o StrictHostKeyChecking=yes -o StrictHostKeyChecking=no', { hostKeys: 'strict' }],
    ['-o UserKnownHostsFile=/dev/null', { knownHostsFile: '/dev/null' }],
    ['-o UserKnownHostsFile="/a b/known"', { knownHostsFile: '/a' }],
    [`-o 'UserKnownHostsFile="/a b/known" /c'`, { knownHostsFile: '/a b/known' }],
    ['-o "UserKnownHostsFile ~/a ~/b"', { knownHostsFile: '~/a' }],
    ['-i one -ikeys/two -o IdentityFile=three', { identityFiles: ['one', 'keys/two', 'three'] }],
    [`-i 'my key'`, { identityFiles: ['my key'] }],
    ['-p 2222', { port: 2222 }],
    ['-p2222 -o Port=22', { port: 2222 }],
    ['-4 -vvv -o LogLevel=ERROR -c aes128-ctr -o KexAlgorithms=+x -l me', {}],
    ['-o Nonsense -o =', {}],
  ])('%s', (options, read) => {
    expect(parseSshOptions(options)).toEqual({ identityFiles: [], ...read })
  })

  test.each([
    ['-o StrictHostKeyChecking=constructor', 'StrictHostKeyChecking must be yes, no or accept-new'],
    ['-p 0', '-p must be a number from 1 to 65535, not "0"'],
    ['-p ssh', '-p must be a number from 1 to 65535, not "ssh"'],
    ['-o', '-o needs a value'],
  ])('%s is refused', (options, message) => {
    expect(() => parseSshOptions(options)).toThrow(message)
  })
})
