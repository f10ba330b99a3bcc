import { isIP } from 'node:net'
import { BrokerError } from '@nac-broker/protocol'

/** Where a run's status is served. */
export interface StatusServerOptions {
  /** 0: any that is free. */
  port: number
  /** The address to listen on. Default 127.0.0.1; any that others can reach takes a token. */
  host?: string | undefined
  /** What a request has to bring: `Authorization: Bearer TOKEN`, or `?token=TOKEN`. */
  token?: string | undefined
}

export interface StatusServerSettings {
  port: number
  host: string
  token: string | undefined
}

/** @throws {BrokerError} `CONFIG_INVALID` */
export function resolveStatusServer(options: StatusServerOptions): StatusServerSettings {
  const { port, host = '127.0.0.1', token } = options
  if (token === '') throw invalid('the status token is empty; set one, or none at all')
  if (token === undefined && !isLoopback(host)) {
    throw invalid(
      `status on ${host} can be read by other machines and needs a token; set NAC_BROKER_STATUS_TOKEN, or leave out status.host`,
    )
  }
  return { port, host, token }
}

/** Whether only this machine is meant by it: an address, or the host name of a request. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1' || host === '[::1]') return true
  return isIP(host) === 4 && host.startsWith('127.')
}

function invalid(why: string): BrokerError {
  return new BrokerError('CONFIG_INVALID', why)
}
