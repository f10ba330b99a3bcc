import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSession } from '../open-session.ts'
import { generateHostKey } from '../simulator/host-key.ts'
import type { HostKeyPolicy } from '../testbed/testbed.ts'
import { playShell, sshDevice, SshServer } from './ssh-server.fixture.ts'

let folder: string
let file: string
let key: ReturnType<typeof generateHostKey>
let server: SshServer
let host: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'host-keys-'))
  file = join(folder, 'ssh', 'known_hosts')
  await useKeys(generateHostKey())
})

afterEach(async () => {
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

async function useKeys(
  first: { private: string; public: string },
  ...more: { private: string }[]
): Promise<void> {
  key = first
  await server?.[Symbol.asyncDispose]()
  server = await SshServer.start({
    hostKeys: [first, ...more].map((pair) => pair.private),
    onShell: (channel) => playShell(channel, { prompt: 'r1#' }),
  })
  host = `[127.0.0.1]:${server.port}`
}

/** Resolves when a login worked; rejects with why it did not. */
async function logIn(hostKeys: HostKeyPolicy, knownHostsFile = file): Promise<void> {
  const device = sshDevice(server.port, { hostKeys, knownHostsFile })
  const session = await openSession(device)
  await session.close()
}

async function know(...lines: string[]): Promise<string> {
  file = join(folder, 'known_hosts')
  await writeFile(file, lines.join('\n'))
  return file
}

describe('strict', () => {
  test('lets in a host whose key is known', async () => {
    await know(`${host} ${key.public}`)
    await expect(logIn('strict')).resolves.toBeUndefined()
  })

  test('is what holds when nobody says otherwise', async () => {
    const { connection, ...device } = sshDevice(server.port, { knownHostsFile: file })
    if (connection.protocol === 'ssh') delete connection.hostKeys
    await expect(openSession({ ...device, connection })).rejects.toMatchObject({
      code: 'HOST_KEY_UNKNOWN',
    })
    await (await openSession({ ...device, connection }, { hostKeys: 'insecure' })).close()
  })

  test('refuses a host that is not known, and says how to make it so', async () => {
    const fingerprint = /ssh-ed25519 SHA256:[A-Za-z0-9+/]{43}\)/
    await expect(logIn('strict')).rejects.toMatchObject({
      code: 'HOST_KEY_UNKNOWN',
      device: 'r1',
      message: expect.stringMatching(fingerprint) as string,
    })
    await expect(logIn('strict')).rejects.toThrow(
      `ssh-keyscan -p ${server.port} 127.0.0.1 >> ${file}`,
    )
    await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('refuses a host whose key has changed', async () => {
    await know(`${host} ${generateHostKey().public}`)
    await expect(logIn('strict')).rejects.toMatchObject({ code: 'HOST_KEY_CHANGED' })
  })

  test('refuses a revoked key even if it is known', async () => {
    await know(`${host} ${key.public}`, `@revoked * ${key.public}`)
    await expect(logIn('strict')).rejects.toMatchObject({ code: 'HOST_KEY_CHANGED' })
    await expect(logIn('strict')).rejects.toThrow('@revoked')
  })

  test('refuses everyone when the file cannot be read', async () => {
    await expect(logIn('strict', folder)).rejects.toMatchObject({ code: 'HOST_KEY_UNKNOWN' })
  })

  test('asks the server for the type of key that is known', async () => {
    const rsa = ssh2.utils.generateKeyPairSync('rsa', { bits: 2048 })
    const ecdsa = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 })
    await useKeys(generateHostKey(), rsa, ecdsa)
    for (const { public: known } of [key, rsa, ecdsa]) {
      // oxlint-disable-next-line no-await-in-loop -- the file is the same
      await know(`${host} ${known}`)
      // oxlint-disable-next-line no-await-in-loop
      await expect(logIn('strict')).resolves.toBeUndefined()
    }
  })
})

describe('accept-new', () => {
  test('adds a host that is not known, in a file for our eyes only, and knows it from then on', async () => {
    await expect(logIn('accept-new')).resolves.toBeUndefined()
    const [name, type, data] = (await readFile(file, 'utf8')).trimEnd().split(' ')
    expect([name, `${type} ${data}`]).toEqual([host, key.public.trim()])
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await stat(join(file, '..'))).mode & 0o777).toBe(0o700)
    await expect(logIn('accept-new')).resolves.toBeUndefined()
    await expect(logIn('strict')).resolves.toBeUndefined()
    expect((await readFile(file, 'utf8')).split('\n')).toHaveLength(2)
  })

  test('adds to a file whose last line has no line break', async () => {
    const other = `r9 ${generateHostKey().public.trim()}`
    await know(other)
    await expect(logIn('accept-new')).resolves.toBeUndefined()
    expect((await readFile(file, 'utf8')).split('\n')).toEqual([
      other,
      `${host} ${key.public.trim()}`,
      '',
    ])
  })

  test('refuses a host whose key has changed, and leaves the file alone', async () => {
    const before = `${host} ${generateHostKey().public}`
    await know(before)
    await expect(logIn('accept-new')).rejects.toMatchObject({ code: 'HOST_KEY_CHANGED' })
    expect(await readFile(file, 'utf8')).toBe(before)
  })

  test('refuses a known host that now has only keys of another type', async () => {
    const rsa = ssh2.utils.generateKeyPairSync('rsa', { bits: 2048 })
    await know(`${host} ${rsa.public}`)
    await expect(logIn('accept-new')).rejects.toMatchObject({ code: 'HOST_KEY_CHANGED' })
  })

  test('does not trust what it cannot remember', async () => {
    await know('')
    await chmod(file, 0o400)
    const unwritable = join(file, 'known_hosts')
    await expect(logIn('accept-new', unwritable)).rejects.toMatchObject({
      code: 'HOST_KEY_UNKNOWN',
    })
  })

  test('remembers nothing of a server that did not let us in', async () => {
    await server[Symbol.asyncDispose]()
    server = await SshServer.start({ authenticate: (context) => context.reject([]) })
    await expect(logIn('accept-new')).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' })
    await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

test('insecure asks no questions', async () => {
  await know(`${host} ${generateHostKey().public}`)
  await expect(logIn('insecure')).resolves.toBeUndefined()
  await expect(logIn('insecure', folder)).resolves.toBeUndefined()
})
