import { BrokerError } from '@nac-broker/protocol'
import type { TestbedNode } from './document.ts'
import { replaceEnv } from './markup.ts'
import { placeText } from './place.ts'
import { credentialSchema, entry, mappingSchema, read, type Subject } from './schema.ts'
import type { Credential, Device } from './testbed.ts'

type Credentials = Readonly<Record<string, Credential>>

/**
 * The `credentials` of a testbed, device or connection, each with where it stands.
 * @throws {BrokerError} `TESTBED_INVALID`
 */
export function readCredentials(owner: TestbedNode | undefined, subject: Subject): Credentials {
  const written = entry(owner, 'credentials')
  if (!written) return {}
  read(mappingSchema, written, { ...subject, words: `${subject.words}: credentials` })
  const named = written.kind === 'map' ? [...written.entries] : []
  return Object.fromEntries(
    named
      .filter(([, node]) => node.kind !== 'nothing')
      .map(([name, node]) => {
        const whose = { ...subject, words: `${subject.words}: credential "${name}"` }
        return [name, { ...read(credentialSchema, node, whose), at: placeText(node.place) }]
      }),
  )
}

/**
 * What to log in with, markup resolved now: the credential of that name, else `default`, else nothing.
 * @throws {BrokerError} `CREDENTIALS_MISSING` naming the variable that is not set.
 */
export function resolveCredential(
  device: Device,
  name: string,
  env: NodeJS.ProcessEnv,
): { username?: string; password?: string } {
  const credential = [name, 'default']
    .filter((candidate) => Object.hasOwn(device.credentials, candidate))
    .map((candidate) => device.credentials[candidate])[0]
  if (!credential) return {}
  const resolve = (text: string): string => {
    const resolved = replaceEnv(text, env)
    if ('text' in resolved) return resolved.text
    const what = `${credential.at}: device "${device.name}" ${resolved.reason}`
    throw new BrokerError('CREDENTIALS_MISSING', what, { device: device.name })
  }
  const { username, password } = credential
  return {
    ...(username !== undefined && { username: resolve(username) }),
    ...(password !== undefined && { password: resolve(password) }),
  }
}
