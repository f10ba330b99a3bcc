import type { BrokerError, OperationName, Params, Result, Welcome } from '@nac-broker/protocol'
import { type Call, withSent } from './call.ts'
import type { BrokerLink, LinkListener } from './link.ts'

/** How long a link waits for an answer beyond the deadline, as the real one does. */
export const GRACE_MS = 100

/** A link without a socket: the test says what the broker does. */
export class ScriptedLink implements BrokerLink {
  readonly welcome: Welcome
  over: BrokerError | undefined
  /** Whether the broker has stopped to answer. */
  silent = false
  #listener: LinkListener | undefined
  readonly #pending = new Map<Call, { resolve: () => void; reject: (error: BrokerError) => void }>()

  constructor(generation: number, store: string | null) {
    this.welcome = {
      type: 'welcome',
      protocol: 1,
      version: '0.0.0',
      pid: 1,
      generation,
      store,
      crashPolicy: [],
      heartbeat: { intervalMs: 500, timeoutMs: 1_500 },
      limits: { maxFrameBytes: 1, chunkBytes: 1, maxRequestsInFlight: 1 },
    }
  }

  listen(listener: LinkListener): void {
    this.#listener = listener
  }

  async request<Name extends OperationName>(
    _operation: Name,
    _params: Params<Name>,
    call: Call,
  ): Promise<Result<Name>> {
    if (this.over) throw withSent(this.over, 'no')
    call.attempts++
    call.sentTo = this.welcome
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#pending.set(call, { resolve, reject })
    try {
      const sent = (): 'unknown' => 'unknown'
      await call.wait(promise, { waitingFor: 'the broker', sent, graceMs: GRACE_MS })
      return { output: Buffer.from('broker'), cached: false } as unknown as Result<Name>
    } finally {
      this.#pending.delete(call)
    }
  }

  probe(): void {
    if (!this.silent) this.#listener?.onHeard()
  }

  close(error: BrokerError): void {
    if (this.over) return
    this.over = error
    for (const { reject } of this.#pending.values()) reject(withSent(error, 'unknown'))
    this.#listener?.onOver(error)
  }

  /** The broker answers the request that has waited longest. */
  answer(): void {
    const [first] = this.#pending.values()
    this.#listener?.onHeard()
    first?.resolve()
  }
}
