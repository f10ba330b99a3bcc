import { type Device, isConnectionRefused } from '@nac-broker/devices'
import type { BrokerError } from '@nac-broker/protocol'

/** What to look at first when a login failed so at this step. One line, and never a secret. */
export function hintFor(device: Device, step: string, error: BrokerError): string {
  const os = device.platform.os[0]
  switch (error.code) {
    case 'DEVICE_UNREACHABLE':
      return unreachableHint(device, step, error)
    case 'HOST_KEY_UNKNOWN':
      return `compare its fingerprint with the device's, then add it with ssh-keyscan; ${acceptNew(device)}`
    case 'HOST_KEY_CHANGED':
      return `only if the device was replaced: remove the old key with ssh-keygen -R, then add the new one with ssh-keyscan; ${acceptNew(device)}`
    case 'CREDENTIALS_MISSING':
    case 'AUTHENTICATION_FAILED':
      return credentialHint(device, step, error)
    case 'SESSION_LIMIT':
      return `all its lines are taken: ${os === 'linux' || os === 'frr' ? 'who' : 'show users'} on it tells by whom; see that they log out`
    case 'PROMPT_NOT_FOUND':
      return `is os: ${os} right for it? if it is, and the device merely slow, raise broker.login_timeout_ms`
    case 'COMMAND_REJECTED':
      return 'check arguments.init_config_commands of its connection in the testbed'
    case 'DEADLINE_EXCEEDED':
      return 'if the device is merely slow, raise broker.login_timeout_ms'
    default:
      return 'that is no fault of the device; please report it with this message'
  }
}

function unreachableHint({ connection }: Device, step: string, error: BrokerError): string {
  if (connection.protocol === 'command') {
    return 'run its command by hand: is the program there, and does it print a prompt?'
  }
  const { host, port } = connection
  const byHand = `try it by hand: ssh ${port === 22 ? '' : `-p ${port} `}${host}`
  switch (step) {
    case 'resolve':
      return `check ip or host in the testbed: the name "${host}" does not resolve here`
    case 'tcp':
      return isConnectionRefused(error)
        ? `is SSH enabled on it, and on port ${port}? the port stands in the testbed`
        : `is it up? check routing and firewalls on the way to ${host}, port ${port}`
    case 'banner':
      return `is port ${port} right? what answers there is not an SSH server, or one that is too busy`
    case 'host-key':
      return `its SSH server and we do not agree; ${byHand}`
    default:
      return `if the device is merely slow, raise broker.login_timeout_ms; ${byHand}`
  }
}

function acceptNew({ connection }: Device): string {
  const ownPolicy = connection.protocol === 'ssh' && connection.hostKeys !== undefined
  return ownPolicy
    ? 'or StrictHostKeyChecking=accept-new in its ssh_options, which adds keys that are new'
    : 'or broker.host_keys: accept-new in the config, which adds keys that are new'
}

/** Privileges are asked for at the prompt, with a credential of their own. */
function credentialHint(device: Device, step: string, { code }: BrokerError): string {
  const wanted = step === 'prompt' ? 'enable' : 'default'
  const credential = device.credentials[wanted] ?? device.credentials['default']
  const name = device.credentials[wanted] ? wanted : 'default'
  if (!credential) return `add username and password to credentials.${wanted} in the testbed`
  const { username, password, at } = credential
  const variables = [username, password].flatMap((text) => variablesIn(text ?? ''))
  const where = `credentials.${name} (${at})`
  if (variables.length === 0) return `check ${where}`
  const list = [...new Set(variables)].join(', ')
  return code === 'CREDENTIALS_MISSING'
    ? `set ${list} where nac-broker runs; ${where} wants it`
    : `check ${list}, which ${where} takes from the environment`
}

function variablesIn(text: string): string[] {
  return [...text.matchAll(/%ENV\{\s*([^{}]*?)\s*\}/g)].map(([, name = '']) => name)
}
