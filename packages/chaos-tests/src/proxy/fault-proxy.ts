import { once } from 'node:events'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '@nac-broker/supervisor'

/** What may befall bytes on their way, in both directions. */
export type WireFault =
  /** Each piece comes so much later. */
  | { kind: 'latency'; ms: number }
  /** Pieces of at most so many bytes, each by itself. */
  | { kind: 'sliced'; bytes: number }
  /** So many bytes a millisecond. */
  | { kind: 'slow'; bytesPerMs: number }
  /** Nothing comes through, and nobody is told. */
  | { kind: 'silent' }
  /** After so many more bytes the connection is reset: a frame is torn. */
  | { kind: 'torn'; bytes: number }
  /** The next piece towards the client is followed by bytes that mean nothing. */
  | { kind: 'garbage'; bytes: number }
  /** The next piece towards the client comes twice. */
  | { kind: 'duplicate' }
  /** The server's end is told that the client has closed its side. */
  | { kind: 'half-close' }
  /** New connections are accepted, and not passed on. */
  | { kind: 'unanswered' }

type Target = { readonly path: string } | { readonly port: number; readonly host: string }

export interface FaultProxy extends AsyncDisposable {
  readonly port: number
  suffer(fault: WireFault): void
  mend(): void
  reset(): void
}

/** Passes bytes on between whoever connects to `at` and `target`, and makes them suffer on the way. */
export async function startFaultProxy(
  at: { path: string } | { port: number; host: string },
  target: () => Target,
  clock: Clock,
): Promise<FaultProxy> {
  const pairs = new Set<Pair>()
  let fault: WireFault | undefined
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const pair = new Pair(
      client,
      () => createConnection({ ...target(), allowHalfOpen: true }),
      clock,
    )
    pairs.add(pair)
    client.once('close', () => pairs.delete(pair))
    pair.begin(fault)
  })
  server.listen({ ...at, backlog: 4096 })
  await once(server, 'listening')
  return {
    port: portOf(server),
    suffer(next) {
      fault = next
      for (const pair of pairs) pair.suffer(next)
    },
    mend() {
      fault = undefined
      for (const pair of pairs) pair.suffer(undefined)
    },
    reset() {
      for (const pair of pairs) pair.reset()
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const pair of pairs) pair.reset()
      await closed
    },
  }
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

/** One connection and its continuation. */
class Pair {
  readonly #client: Socket
  readonly #open: () => Socket
  readonly #clock: Clock
  #server: Socket | undefined
  #fault: WireFault | undefined
  /** What is held back while nothing comes through. */
  readonly #held: (() => void)[] = []

  constructor(client: Socket, open: () => Socket, clock: Clock) {
    this.#client = client
    this.#open = open
    this.#clock = clock
    client.on('error', () => client.destroy())
    client.once('close', () => this.#server?.destroy())
  }

  begin(fault: WireFault | undefined): void {
    this.#fault = fault
    if (fault?.kind === 'unanswered') {
      this.#held.push(() => this.#connect())
      return
    }
    this.#connect()
  }

  suffer(fault: WireFault | undefined): void {
    this.#fault = fault
    if (fault?.kind === 'half-close') this.#server?.end()
    if (fault?.kind === 'silent' || fault?.kind === 'unanswered') return
    for (const go of this.#held.splice(0)) go()
  }

  reset(): void {
    // Only TCP knows a reset.
    if (this.#client.remoteAddress === undefined) this.#client.destroy()
    else this.#client.resetAndDestroy()
    this.#server?.destroy()
  }

  #connect(): void {
    if (this.#client.destroyed) return
    const server = this.#open().setNoDelay(true)
    this.#server = server
    server.on('error', () => this.#client.destroy())
    server.once('close', () => this.#client.destroy())
    void this.#pass(this.#client, server, false)
    void this.#pass(server, this.#client, true)
  }

  /** In order, one piece at a time, and no faster than it is taken. */
  async #pass(from: Socket, to: Socket, towardsClient: boolean): Promise<void> {
    try {
      for await (const piece of from) await this.#send(piece as Buffer, to, towardsClient)
      await this.#throughput()
      to.end()
    } catch {
      this.#client.destroy()
      this.#server?.destroy()
    }
  }

  async #slice(piece: Buffer, bytes: number, to: Socket): Promise<void> {
    for (let at = 0, slices = 0; at < piece.length; at += bytes) {
      // oxlint-disable-next-line no-await-in-loop -- each by itself
      await written(to, piece.subarray(at, at + bytes))
      // oxlint-disable-next-line no-await-in-loop
      if (++slices % SLICES_A_TURN === 0) await nextTurn()
    }
  }

  async #throughput(): Promise<void> {
    if (this.#fault?.kind !== 'silent') return
    await new Promise<void>((resolve) => this.#held.push(resolve))
  }

  async #send(piece: Buffer, to: Socket, towardsClient: boolean): Promise<void> {
    await this.#throughput()
    const fault = this.#fault
    switch (fault?.kind) {
      case 'latency':
        await this.#clock.sleep(fault.ms)
        break
      case 'slow':
        await this.#clock.sleep(piece.length / fault.bytesPerMs)
        break
      case 'sliced':
        return this.#slice(piece, fault.bytes, to)
      case 'torn':
        to.write(piece.subarray(0, fault.bytes))
        this.#fault = undefined
        return this.reset()
      case 'garbage':
        if (!towardsClient) break
        this.#fault = undefined
        await written(to, piece)
        piece = Buffer.alloc(fault.bytes, 0xc1)
        break
      case 'duplicate':
        if (!towardsClient) break
        this.#fault = undefined
        await written(to, piece)
        break
      default:
    }
    await written(to, piece)
  }
}

/** Slices that the system takes at once leave nobody else a turn: these are as many as take a millisecond. */
const SLICES_A_TURN = 100

function written(to: Socket, piece: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    to.write(piece, (error) => (error ? reject(error) : resolve()))
  })
}
