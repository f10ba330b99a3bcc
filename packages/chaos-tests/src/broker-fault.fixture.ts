import { armFailpoints } from '@nac-broker/supervisor'

/** What a broker's thread or process can be made to suffer; only the last does not end it. */
export type BrokerFault =
  | 'endless loop'
  | 'uncaught error'
  | 'full heap'
  | 'early exit'
  | 'blocked for a second'

/** What a host's fixture is sent, beside what every host sends. */
export interface FaultMessage {
  fault?: BrokerFault
  /** To be armed, in the words of NAC_BROKER_FAILPOINTS. */
  failpoints?: string
  /** By how much its calendar goes wrong, in all, in milliseconds. */
  wallShiftMs?: number
}

export function suffer({ fault, failpoints, wallShiftMs }: FaultMessage): void {
  if (wallShiftMs !== undefined) shiftCalendar(wallShiftMs)
  if (failpoints !== undefined) armFailpoints(failpoints)
  switch (fault) {
    case 'endless loop':
      for (;;);
    case 'uncaught error':
      throw new Error('nobody catches this')
    case 'full heap': {
      const hoard: number[][] = []
      for (;;) hoard.push(Array.from({ length: 1_000_000 }, (_, index) => index * 1.5))
    }
    case 'early exit':
      process.exit(3)
    case 'blocked for a second':
      return block(1_000)
    case undefined:
  }
}

const RealDate = Date

/** Of this thread, or process, and no other. */
function shiftCalendar(byMs: number): void {
  const now = (): number => RealDate.now() + byMs
  globalThis.Date = class extends RealDate {
    constructor(...given: [] | [number | string | Date]) {
      super(given[0] ?? now())
    }
    static override now(): number {
      return now()
    }
  } as DateConstructor
}

/** Nothing runs on this event loop meanwhile. */
export function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
