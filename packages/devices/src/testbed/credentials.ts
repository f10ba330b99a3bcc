import { BrokerError } from '@nac-broker/protocol'
import type { TestbedNode } from './document.ts'
import { replaceEnv } from './markup.ts'
import { misspelling } from './hint.ts'
import { invalid, placeText } from './place.ts'
import { credentialSchema, entry, mappingSchema, read, type Subject } from './schema.ts'
import type { Credential, Device } from './testbed.ts'

type Credentials = Readonly<Record<string, Credential>>

/**
 * The `credentials` of a testbed, device or connection, each with where it stands.
 * @throws {BrokerError} `TESTBED_INVALID`
 */
export function readCredentials(owner: TestbedNode | undefined, subject: Subject): Credentials {
  const written = entry(owner, 'credentials')
  if (!written) {
    requireNoMisspelling(owner, subject)
    return {}
  }
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

/** Of all the keys that are none of ours, one that would leave a device without its login. */
function requireNoMisspelling(owner: TestbedNode | undefined, { words, device }: Subject): void {
  if (owner?.kind !== 'map' || owner.entries.has('credentials')) return
  const mappings = [...owner.entries].filter(([, { kind }]) => kind === 'map')
  const hint = misspelling({ ...owner, entries: new Map(mappings) }, 'credentials')
  if (hint) throw invalid(hint.place, `${words} has no credentials${hint.words}`, device)
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
