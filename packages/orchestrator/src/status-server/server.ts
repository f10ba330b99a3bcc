/**
 * A run, or just a broker, for who watches it over HTTP.
 *
 *   settings         where it listens, and who may ask (authorize)
 *   run-status       what is known: events in, the status document out
 *   event-log        the newest events, for who comes back
 *   followers        the clients of the event stream
 *   metrics          for Prometheus
 *   page-files       the page, which is a client of the stream
 */
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import { authorize } from './authorize.ts'
import { listen } from './listen.ts'
import { pageFiles } from './page-files.ts'
import { RunStatus, type RunStatusOptions } from './run-status.ts'
import { resolveStatusServer, type StatusServerOptions } from './settings.ts'

/** The page asks nobody but this server for anything, and stands in no other page. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const MOST_FOLLOWERS = 1_000
const MOST_EARLIER = 5_000

export interface StatusServer extends AsyncDisposable {
  /** Of the page, without the token. */
  readonly url: string
  readonly status: RunStatus
}

/**
 * Listens; what is there to be told comes later.
 * @throws {BrokerError} `CONFIG_INVALID` for settings that cannot be, or a port that is in use
 */
export async function startStatusServer(
  options: StatusServerOptions,
  about: RunStatusOptions,
): Promise<StatusServer> {
  const settings = resolveStatusServer(options)
  const status = new RunStatus(about)
  const { followers } = status
  const server = fastify({ forceCloseConnections: true })
  server.addHook('onSend', async (_request, reply) => {
    void reply.headers({
      'Content-Security-Policy': CONTENT_SECURITY_POLICY,
      'X-Content-Type-Options': 'nosniff',
      // A token in the page's address stays there.
      'Referrer-Policy': 'no-referrer',
      'Cache-Control': 'no-store',
    })
  })
  const guarded = {
    preHandler: (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
      if (!authorize(settings, request, reply)) done()
    },
  }

  server.get('/healthz', async (_request, reply) => reply.type('text/plain').send('ok\n'))
  server.get('/readyz', async (_request, reply) => {
    const ready = await status.brokerAnswers()
    return reply
      .code(ready ? 200 : 503)
      .type('text/plain')
      .send(ready ? 'ready\n' : 'no broker answers\n')
  })
  server.get('/status', guarded, () => status.document())
  server.get('/metrics', guarded, async (_request, reply) => {
    const { metrics } = status
    const text = await metrics.text(await status.document(), followers.size)
    return reply.type(metrics.registry.contentType).send(text)
  })
  server.get('/events', guarded, async (request, reply) => {
    if (followers.size >= MOST_FOLLOWERS) {
      return reply.code(503).type('text/plain').send('too many clients of the event stream\n')
    }
    await status.document()
    const query = request.query as { earlier?: unknown; lastEventId?: unknown }
    const lastEventId = request.headers['last-event-id'] ?? query.lastEventId
    const earlier = numberIn(query.earlier, MOST_EARLIER)
    reply.hijack()
    return followers.add(request.raw, reply.raw, {
      lastEventId: typeof lastEventId === 'string' && lastEventId !== '' ? lastEventId : undefined,
      earlier,
    })
  })
  for (const [path, { type, content }] of await pageFiles()) {
    // The page's parts tell nothing of the run, and a browser asks for them without the token.
    const route = path === '/' ? guarded : {}
    server.get(path, route, async (_request, reply) => reply.type(type).send(content))
  }

  try {
    const url = await listen(server, settings)
    return {
      url,
      status,
      async [Symbol.asyncDispose]() {
        status.close()
        await server.close()
      },
    }
  } catch (error) {
    await server.close()
    throw error
  }
}

/** 0 for anything else. */
function numberIn(text: unknown, most: number): number {
  return typeof text === 'string' && /^\d{1,9}$/.test(text) ? Math.min(Number(text), most) : 0
}
