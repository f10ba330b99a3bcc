import type { Duplex } from 'node:stream'
import {
  asBrokerError,
  BrokerError,
  decodeNacTestRequest,
  encodeNacTestError,
  encodeNacTestSuccess,
  type NacTestRequest,
  type NacTestStatus,
} from '@nac-broker/protocol'
import { failpoint } from '@nac-broker/supervisor'
import type { BrokerContext } from './broker-context.ts'
import { Call, type Caller } from './call.ts'
import type { DialectPeer } from './dialect-peer.ts'

/** The dialect has no deadlines; this one keeps a request from waiting in a queue for ever. */
const REQUEST_TIMEOUT_MS = 300_000

/** Requests read ahead of the one being answered; more stay in the socket. */
const MAX_PIPELINED = 64

type State = 'open' | 'ending' | 'closed'

/** A client that speaks nac-test's JSON dialect: one request after the other, answered in order. */
export class NacTestPeer implements DialectPeer {
  readonly #socket: Duplex
  readonly #broker: BrokerContext
  readonly #caller: Caller
  readonly #pipelined: Buffer[] = []
  #current: Call | undefined
  #state: State = 'open'
  /** Where it is not the client that ends the connection. */
  #left: 'violation' | 'shutdown' | undefined

  constructor(socket: Duplex, broker: BrokerContext, client: number) {
    this.#socket = socket
    this.#broker = broker
    this.#caller = { client }
    broker.feed.emit({ event: 'client-joined', client })
  }

  receive(payload: Buffer): void {
    this.#pipelined.push(payload)
    if (this.#pipelined.length >= MAX_PIPELINED) this.#socket.pause()
    if (!this.#current) void this.#answerAll()
  }

  /** Closed without a word, as its clients expect. */
  violated(): void {
    this.#left = 'violation'
    this.#socket.destroy()
  }

  /** What was pipelined before is still answered. */
  clientEnded(): void {
    this.#state = 'ending'
    if (!this.#current) this.#socket.end()
  }

  closed(): void {
    const how = this.#left ?? 'closed'
    this.#broker.feed.emit({ event: 'client-left', ...this.#caller, how })
    this.#state = 'closed'
    this.#pipelined.length = 0
    this.#current?.cancel('the client is gone')
  }

  shutDown(): void {
    this.#left ??= 'shutdown'
    this.#pipelined.length = 0
    this.clientEnded()
  }

  async #answerAll(): Promise<void> {
    for (let next = this.#pipelined.shift(); next; next = this.#pipelined.shift()) {
      if (this.#pipelined.length < MAX_PIPELINED) this.#socket.resume()
      let request: NacTestRequest
      try {
        request = decodeNacTestRequest(next)
      } catch {
        this.violated()
        return
      }
      const deadlineMs = this.#broker.clock.now() + REQUEST_TIMEOUT_MS
      const call = new Call(this.#caller, deadlineMs)
      this.#current = call
      failpoint('broker.json.received')
      const answer = await this.#answer(request, call)
      this.#current = undefined
      failpoint('broker.json.answered')
      if (this.#state !== 'closed') this.#socket.write(answer)
    }
    if (this.#state === 'ending') this.#socket.end()
  }

  async #answer(request: NacTestRequest, call: Call): Promise<Buffer> {
    const { scheduler, commands } = this.#broker
    try {
      switch (request.command) {
        case 'ping':
          return encodeNacTestSuccess('pong')
        case 'status':
          return encodeNacTestSuccess(nacTestStatus(this.#broker))
        case 'execute': {
          const { hostname, cmd } = request
          const asked = { device: hostname, command: cmd }
          const { output } = await commands.tell(call, { what: 'execute', ...asked }, () =>
            scheduler.execute(call, asked),
          )
          return encodeNacTestSuccess(Buffer.from(output).toString())
        }
        case 'connect': {
          const { hostname: device } = request
          await commands.tell(call, { what: 'connect', device }, () =>
            scheduler.connect(call, device),
          )
          return encodeNacTestSuccess(true)
        }
        case 'disconnect':
          this.#disconnect(request.hostname)
          return encodeNacTestSuccess(true)
        case 'invalid':
          return encodeNacTestError(request.error)
      }
    } catch (error) {
      return encodeNacTestError(this.#errorText(asBrokerError(error), request))
    }
  }

  /** True for every name, known or not: the device is not connected afterwards. */
  #disconnect(hostname: string): void {
    try {
      this.#broker.scheduler.disconnect(hostname)
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error
    }
  }

  #errorText({ code, message }: BrokerError, request: NacTestRequest): string {
    const hostname = 'hostname' in request ? request.hostname : ''
    if (code === 'UNKNOWN_DEVICE') {
      return this.#broker.testbed
        ? `Device ${hostname} not found in testbed`
        : `No testbed loaded for ${hostname}`
    }
    if (request.command === 'connect')
      return `Failed to connect to ${hostname}: ${code}: ${message}`
    return `${code}: ${message}`
  }
}

function nacTestStatus({
  socketPath,
  settings,
  testbed,
  pool,
  cache,
  clients,
}: BrokerContext): NacTestStatus {
  const counts = cache.countByDevice((device) => pool.lanes.get(device)?.epoch ?? 0)
  const connected = [...pool.lanes].filter(([, lane]) => lane.status().open > 0)
  let total = 0
  const perDevice: NacTestStatus['command_cache_stats']['per_device_stats'] = {}
  for (const [device, { entries, valid }] of counts) {
    total += entries
    perDevice[device] = {
      total_entries: entries,
      expired_entries: entries - valid,
      valid_entries: valid,
    }
  }
  return {
    socket_path: socketPath,
    max_connections: settings.maxConnections,
    connected_devices: connected.map(([device]) => device),
    active_clients: clients(),
    testbed_loaded: testbed !== undefined,
    testbed_devices: [...(testbed?.deviceNames ?? [])],
    command_cache_stats: {
      devices_with_cache: [...counts.keys()],
      total_cached_commands: total,
      per_device_stats: perDevice,
    },
  }
}
