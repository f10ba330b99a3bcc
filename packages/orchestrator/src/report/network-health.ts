import type { Percentiles } from '../health/health-report.ts'
import type { DeviceReport, RunReport } from '../report.ts'
import { duration, number, shortened } from './format.ts'
import { type Markup, markup, type Part } from './markup.ts'
import { type Column, table } from './table.ts'

type WorkerRow = RunReport['health']['workers'][number]
type DeviceRow = RunReport['health']['devices'][number] &
  Pick<DeviceReport, 'platform' | 'lastError'>

/** How each worker's connection to the broker fared, and the broker's to each device. */
export function networkHealth({ health, devices }: RunReport): Markup {
  const known = new Map(devices.map((device) => [device.name, device]))
  const rows = health.devices.map((device): DeviceRow => ({ ...known.get(device.name), ...device }))
  const columns = rows.some((row) => row.lastError)
    ? [...DEVICE_COLUMNS, LAST_ERROR]
    : DEVICE_COLUMNS
  return markup`${table('Devices', columns, rows)}
${table('Connections of the workers to the broker', WORKER_COLUMNS, health.workers)}`
}

interface Fared {
  disconnects: number
  reconnects: number
  downtimeMs: number
  commands: number
  retries: number
  errors: number
  latencyMs?: Percentiles
}

const OUTAGES: readonly Column<Fared>[] = [
  { title: 'Disconnects', cell: (row) => counted(row.disconnects), kind: 'number' },
  { title: 'Reconnects', cell: (row) => counted(row.reconnects), kind: 'number' },
  { title: 'Down', cell: (row) => counted(row.downtimeMs, duration), kind: 'number' },
]

const LATENCIES: readonly Column<Fared>[] = [
  { title: 'Median', cell: (row) => milliseconds(row.latencyMs?.median), kind: 'number' },
  { title: '95 %', cell: (row) => milliseconds(row.latencyMs?.p95), kind: 'number' },
  { title: '99 %', cell: (row) => milliseconds(row.latencyMs?.p99), kind: 'number' },
  { title: 'Slowest', cell: (row) => milliseconds(row.latencyMs?.max), kind: 'number' },
]

const COMMANDS: readonly Column<Fared>[] = [
  { title: 'Commands', cell: (row) => counted(row.commands), kind: 'number' },
  { title: 'Errors', cell: (row) => counted(row.errors), kind: 'number' },
  { title: 'Sent again', cell: (row) => counted(row.retries), kind: 'number' },
]

const DEVICE_COLUMNS: readonly Column<DeviceRow>[] = [
  { title: 'Device', cell: ({ name }) => name },
  { title: 'Platform', cell: ({ platform }) => platform },
  { title: 'Sessions', cell: (row) => counted(row.sessions.length), kind: 'number' },
  ...OUTAGES,
  { title: 'Failed logins', cell: (row) => counted(row.loginFailures), kind: 'number' },
  ...COMMANDS,
  ...LATENCIES,
]

const LAST_ERROR: Column<DeviceRow> = { title: 'Last error', cell: lastErrorOf, kind: 'words' }

const WORKER_COLUMNS: readonly Column<WorkerRow>[] = [
  { title: 'Worker', cell: ({ name }) => name },
  ...OUTAGES,
  { title: 'Missed heartbeats', cell: (row) => counted(row.heartbeatsMissed), kind: 'number' },
  ...COMMANDS,
  { title: 'From cache', cell: (row) => counted(row.fromCache), kind: 'number' },
  { title: 'Direct', cell: (row) => counted(row.direct), kind: 'number' },
  ...LATENCIES,
]

/** A number that is nothing stands back. */
function counted(value: number, format: (value: number) => string = number): Part {
  return value === 0 ? markup`<span class="none">0</span>` : format(value)
}

function milliseconds(value: number | undefined): Part {
  return value !== undefined && duration(value)
}

function lastErrorOf({ lastError }: DeviceRow): Part {
  return lastError && markup`<code>${lastError.code}</code> ${shortened(lastError.message, 500)}`
}
