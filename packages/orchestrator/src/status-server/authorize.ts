import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isLoopback, type StatusServerSettings } from './settings.ts'

type Request = Pick<FastifyRequest, 'headers' | 'query' | 'hostname'>

/** Lets a request pass, or answers it: who has no token reads nothing of the run. */
export function authorize(
  { token }: Pick<StatusServerSettings, 'token'>,
  request: Request,
  reply: FastifyReply,
): FastifyReply | undefined {
  if (token === undefined) {
    // A page of the web whose name leads to this machine is not meant to read what only this machine may.
    if (isLoopback(request.hostname)) return undefined
    return reply.code(403).type('text/plain').send('only for this machine: ask for localhost\n')
  }
  if (isSame(tokenOf(request), token)) return undefined
  return reply
    .code(401)
    .header('WWW-Authenticate', 'Bearer')
    .type('text/plain')
    .send('this needs a token: Authorization: Bearer TOKEN, or ?token=TOKEN\n')
}

function tokenOf({ headers, query }: Request): string {
  const [, bearer] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? []
  const { token } = query as { token?: unknown }
  return bearer ?? (typeof token === 'string' ? token : '')
}

/** Takes as long however much of it is right. */
function isSame(given: string, token: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(given), hash(token))
}
