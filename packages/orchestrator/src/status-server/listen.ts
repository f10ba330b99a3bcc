import { BrokerError } from '@nac-broker/protocol'
import type { FastifyInstance } from 'fastify'
import type { StatusServerSettings } from './settings.ts'

/**
 * Returns the page's address.
 * @throws {BrokerError} `CONFIG_INVALID` where it cannot listen there
 */
export async function listen(
  fastify: FastifyInstance,
  { host, port }: StatusServerSettings,
): Promise<string> {
  try {
    return `${await fastify.listen({ host, port })}/`
  } catch (error) {
    throw new BrokerError(
      'CONFIG_INVALID',
      `the status server cannot listen on ${host}, port ${port}: ${why(error)}`,
      { cause: error },
    )
  }
}

function why(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  switch (code) {
    case 'EADDRINUSE':
      return 'the port is in use; choose another, or 0 for any that is free'
    case 'EACCES':
      return 'that port is not for everybody; choose one above 1023, or 0 for any that is free'
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return "the address is none of this machine's; choose another host, or none at all for 127.0.0.1"
    default:
      return message
  }
}
