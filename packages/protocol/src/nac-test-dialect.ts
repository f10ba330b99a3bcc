import { encodeFrame } from './frame.ts'

/**
 * nac-test's JSON dialect: one request at a time on a connection, no ids, no deadlines. Its Python
 * client depends on the very words of some errors, so they stand here and nowhere else.
 */

export type NacTestRequest =
  | { command: 'ping' }
  | { command: 'status' }
  | { command: 'execute'; hostname: string; cmd: string }
  | { command: 'connect'; hostname: string }
  | { command: 'disconnect'; hostname: string }
  /** Well-formed JSON that asks for nothing we know: answered with this text, connection kept. */
  | { command: 'invalid'; error: string }

export interface NacTestCacheStatus {
  devices_with_cache: string[]
  total_cached_commands: number
  per_device_stats: Record<
    string,
    { total_entries: number; expired_entries: number; valid_entries: number }
  >
}

export interface NacTestStatus {
  socket_path: string
  max_connections: number
  connected_devices: string[]
  active_clients: number
  testbed_loaded: boolean
  testbed_devices: string[]
  command_cache_stats: NacTestCacheStatus
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws {Error} on bad UTF-8 or bad JSON: the connection is then closed without a reply. */
export function decodeNacTestRequest(payload: Uint8Array): NacTestRequest {
  const request: unknown = JSON.parse(utf8.decode(payload))
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    return invalid(`'${pythonTypeName(request)}' object has no attribute 'get'`)
  }
  const { command, hostname, cmd } = request as Record<string, unknown>
  switch (command) {
    case 'ping':
    case 'status':
      return { command }
    case 'execute':
      return isName(hostname) && isName(cmd)
        ? { command, hostname, cmd }
        : invalid('Missing hostname or cmd parameter')
    case 'connect':
    case 'disconnect':
      return isName(hostname) ? { command, hostname } : invalid('Missing hostname parameter')
    default:
      return invalid(`Unknown command: ${pythonText(command)}`)
  }
}

export function encodeNacTestSuccess(result: string | boolean | NacTestStatus): Buffer {
  return encodeFrame(Buffer.from(JSON.stringify({ status: 'success', result })))
}

export function encodeNacTestError(error: string): Buffer {
  return encodeFrame(Buffer.from(JSON.stringify({ status: 'error', error })))
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function invalid(error: string): NacTestRequest {
  return { command: 'invalid', error }
}

/** The name Python gives the type of a JSON value, as in its AttributeError. */
function pythonTypeName(value: unknown): string {
  if (value === null) return 'NoneType'
  if (Array.isArray(value)) return 'list'
  switch (typeof value) {
    case 'string':
      return 'str'
    case 'boolean':
      return 'bool'
    default:
      return Number.isInteger(value) ? 'int' : 'float'
  }
}

function pythonText(value: unknown): string {
  if (value === undefined || value === null) return 'None'
  if (value === true) return 'True'
  if (value === false) return 'False'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
