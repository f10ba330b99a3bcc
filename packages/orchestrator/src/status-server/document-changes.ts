import type { StatusDocument } from './status-document.ts'

/** A status, or what is new in it: with devices and workers that have changed alone. */
export interface StatusFrame extends StatusDocument {
  /** Whether every device and every worker is there. */
  whole: boolean
}

/** Who has had one status after the other is told what is new. */
export class DocumentChanges {
  readonly #rows = new Map<string, string>()
  #rest = ''

  /** What is new since the last call; undefined for nothing. */
  since(document: StatusDocument): StatusFrame | undefined {
    const { at: _, run, broker, devices, workers, watches } = document
    const { status } = broker
    // What only says that time goes by is not new.
    const still = status && { ...status, uptimeMs: 0 }
    const rest = JSON.stringify({ run, broker: { ...broker, status: still }, watches })
    const isNew = rest !== this.#rest
    this.#rest = rest
    const changed = {
      devices: devices.filter((row) => this.#takes('device', row)),
      workers: workers.filter((row) => this.#takes('worker', row)),
    }
    if (!isNew && changed.devices.length === 0 && changed.workers.length === 0) return undefined
    return { whole: false, ...document, ...changed }
  }

  #takes(kind: string, row: { name: string }): boolean {
    const key = `${kind} ${row.name}`
    const text = JSON.stringify(row)
    if (this.#rows.get(key) === text) return false
    this.#rows.set(key, text)
    return true
  }
}
