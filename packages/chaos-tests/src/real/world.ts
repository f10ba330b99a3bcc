import type { Quirk } from '@nac-broker/devices'
import type { BrokerFault } from '../broker-fault.fixture.ts'
import type { FaultProxy, WireFault } from '../proxy/fault-proxy.ts'

/** A device, as far as faults act on it. */
export interface FaultyDevice {
  /** Before each answer, in milliseconds. */
  latencyMs: number
  /** Before the verdict on a password, in milliseconds. */
  loginLatencyMs: number
  /** How it misbehaves. */
  quirk: Quirk | undefined
  /** Cuts every connection; returns how many sessions that ended. */
  dropSessions(): number
  changeHostKey(): void
  stop(): Promise<void>
  start(): Promise<void>
}

/** What may lie where a broker's socket should: of the last one somebody listened once. */
export type NoBroker = 'file' | 'link' | 'dead socket'

/** The socket's name in its directory, as far as anybody may meddle with it. */
export interface SocketFile {
  remove(): Promise<void>
  /** With everything in it: the run's store, too, where that lies beside the socket. */
  removeDirectory(): Promise<void>
  /** Nothing where there is none: what lies there when the broker was closed is not the broker's. */
  replace(by: NoBroker): Promise<void>
  forbid(): Promise<void>
  permit(): Promise<void>
}

/** What faults act on. */
export interface World {
  readonly host: 'thread' | 'process'
  readonly socketFile: SocketFile
  readonly devices: readonly FaultyDevice[]
  /** Kills the broker of now: its thread terminated, its process SIGKILLed. */
  killBroker(): void
  /** Whoever has the broker closes it, for good. */
  closeBroker(): void
  /** Makes the broker of now suffer it. */
  inflict(fault: BrokerFault): void
  /** Signals the process of the broker of now; nothing where it is a thread. */
  signalBroker(signal: 'SIGSTOP' | 'SIGCONT'): void
  /**
   * Leaves the broker of now so many descriptors to open; undefined: as many as it may have. It has to be a
   * process: a thread's are those of us who judge.
   */
  limitDescriptors(spare: number | undefined): void
  /** Whether the system refuses (EAGAIN) to start any process or thread from now on. */
  refuseProcesses(refused: boolean): void
  /** What the run's store is on; only in schedules with a fault whose name begins with `disk`. */
  readonly disk: Disk
  /** The next broker that is launched, and no other, has it in its environment. */
  armNextBroker(failpoints: string): void
  /** Between the clients and the broker's socket. */
  readonly clientWire: WireFaults
  /** Between the broker or direct clients and the devices. */
  readonly deviceWire: WireFaults
  readonly clients: ClientFaults
  /** The calendar of the orchestrator, its brokers and its clients goes by so much. */
  shiftWallTime(byMs: number): void
  /** Resolves when this much time has passed, or the run is over. */
  pause: (ms: number, over: AbortSignal) => Promise<void>
  /** Resolves at the next broker event of that kind, or when the run is over. */
  next(event: 'listening' | 'broker-lost', over: AbortSignal): Promise<void>
}

interface Disk {
  /** Takes all the room that is left. */
  fill(): void
  free(): void
}

/** Clients that are processes of their own. */
export interface ClientFaults {
  /** One is counted from 0; beyond the last one it begins again. */
  signal(client: number, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void
  /** The next client that goes to the devices itself; undefined when the run is over before. */
  takeDirect(over: AbortSignal): Promise<number | undefined>
}

export interface WireFaults {
  /** From now on, until `mend`. */
  suffer(fault: WireFault): void
  mend(): void
  /** Every connection of now is reset. */
  reset(): void
}

/** Several wires as one; none where the run has none. */
export function wiresOf(proxies: readonly FaultProxy[]): WireFaults {
  return {
    suffer: (fault) => proxies.forEach((proxy) => proxy.suffer(fault)),
    mend: () => proxies.forEach((proxy) => proxy.mend()),
    reset: () => proxies.forEach((proxy) => proxy.reset()),
  }
}
