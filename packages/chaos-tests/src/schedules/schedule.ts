/** What one client asks for, one caller after the other. */
export interface PlannedCall {
  readonly device: string
  readonly line: string
  readonly timeoutMs: number
  /** Of a change: it has the same line whenever it is asked for. */
  readonly key?: string
  /** Whether the line is typed in configuration mode, through `configure`. */
  readonly configures?: true
}

/** Whether a device is another one after this line, of a call or of its log. */
export function isChange(line: string): boolean {
  return /^(do )?write /.test(line)
}

export interface PlannedFault {
  /** Of a file in `faults/`. */
  readonly name: string
  /** How many things happen first: entries of the devices' log and settled calls, since the fault before. */
  readonly after: number
  /** What its `draw` has drawn. */
  readonly args: unknown
}

export type Policy = 'abort' | 'fallback' | 'restart,abort' | 'restart,fallback'

/** A run and what befalls it: everything that is drawn from a seed. */
export interface Schedule {
  readonly seed: number
  readonly host: 'thread' | 'process'
  readonly policy: Policy
  readonly devices: number
  readonly maxSessionsPerDevice: number
  /** Over all devices together. */
  readonly maxConnections: number
  readonly latencyMs: number
  /** For each client what each of its callers asks for. */
  readonly clients: readonly (readonly (readonly PlannedCall[])[])[]
  readonly faults: readonly PlannedFault[]
}
