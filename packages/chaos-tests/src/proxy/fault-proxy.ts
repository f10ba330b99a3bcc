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
  /** After so many more bytes, both directions together, the connection is closed. */
  | { kind: 'limit'; bytes: number }
  /** The next piece towards that end is followed by bytes that mean nothing. */
  | { kind: 'garbage'; bytes: number; towards: WireSide }
  /** The next piece towards the client comes twice. */
  | { kind: 'duplicate' }
  /** That end is told that the other one has closed its side. */
  | { kind: 'half-close'; towards: WireSide }
  /** That one end has closed, or died, the other one is not told. */
  | { kind: 'never-close' }
  /** New connections are accepted, and not passed on. */
  | { kind: 'unanswered' }

/** Whoever has connected, or whoever it wants to reach. */
export type WireSide = 'client' | 'server'

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
    const pair = new Pair(client, () => createConnection({ ...target(), allowHalfOpen: true }), {
      clock,
      onOver: () => pairs.delete(pair),
    })
    pairs.add(pair)
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
  readonly #onOver: () => void
  #server: Socket | undefined
  #fault: WireFault | undefined
  /** How many bytes may come through still, where that is limited. */
  #bytesLeft = 0
  /** What is held back: each looks again whether it has to be. */
  readonly #held: (() => void)[] = []

  constructor(
    client: Socket,
    open: () => Socket,
    { clock, onOver }: { clock: Clock; onOver: () => void },
  ) {
    this.#client = client
    this.#open = open
    this.#clock = clock
    this.#onOver = onOver
    client.on('error', () => client.destroy())
    client.once('close', () => this.#closed(() => this.#server?.destroy()))
  }

  begin(fault: WireFault | undefined): void {
    this.#become(fault)
    this.#connect()
  }

  suffer(fault: WireFault | undefined): void {
    this.#become(fault)
    if (fault?.kind === 'half-close') {
      if (fault.towards === 'server') this.#server?.end()
      else this.#client.end()
    }
    for (const go of this.#held.splice(0)) go()
  }

  #become(fault: WireFault | undefined): void {
    this.#fault = fault
    if (fault?.kind === 'limit') this.#bytesLeft = fault.bytes
  }

  reset(): void {
    // Only TCP knows a reset.
    if (this.#client.remoteAddress === undefined) this.#client.destroy()
    else this.#client.resetAndDestroy()
    this.#server?.destroy()
  }

  #connect(): void {
    if (this.#fault?.kind === 'unanswered') return void this.#held.push(() => this.#connect())
    if (this.#client.destroyed) return
    const server = this.#open().setNoDelay(true)
    this.#server = server
    server.on('error', () => server.destroy())
    server.once('close', () => this.#closed(() => this.#client.destroy()))
    void this.#pass(this.#client, server, false)
    void this.#pass(server, this.#client, true)
  }

  /** One end has: the other one is told, unless it is not to be. */
  #closed(tell: () => void): void {
    if (this.#client.closed && this.#server?.closed !== false) this.#onOver()
    else if (this.#fault?.kind === 'never-close') this.#held.push(() => this.#closed(tell))
    else tell()
  }

  /** In order, one piece at a time, and no faster than it is taken. */
  async #pass(from: Socket, to: Socket, towardsClient: boolean): Promise<void> {
    try {
      for await (const piece of from) await this.#send(piece as Buffer, to, towardsClient)
      await this.#throughput()
      this.#closed(() => to.end())
    } catch {
      from.destroy()
      this.#closed(() => to.destroy())
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
    while (this.#fault?.kind === 'silent') {
      // oxlint-disable-next-line no-await-in-loop -- it looks again
      await new Promise<void>((resolve) => this.#held.push(resolve))
    }
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
      case 'limit': {
        const bytes = this.#bytesLeft
        this.#bytesLeft -= piece.length
        if (piece.length < bytes) break
        await written(to, piece.subarray(0, Math.max(0, bytes)))
        this.#client.destroy()
        return void this.#server?.destroy()
      }
      case 'garbage':
        if (towardsClient !== (fault.towards === 'client')) break
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
