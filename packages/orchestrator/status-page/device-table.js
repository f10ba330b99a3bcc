import { TableRows } from './table-rows.js'

const rows = new TableRows('device-rows', 'device')

export function showDevices(devices) {
  rows.show(devices, cellsOf)
}

function cellsOf({ name, state, cause, sessions, queued, cachedOutputs, lastError, backoffMs }) {
  const again = backoffMs === undefined ? '' : `; tried again in ${Math.ceil(backoffMs / 1_000)} s`
  const trouble =
    state === 'failed' ? cause : lastError && `${lastError.code}: ${lastError.message}`
  return [
    { text: name },
    { text: state, kind: `state is-${state}` },
    { text: sessions.open, kind: 'number' },
    { text: sessions.busy, kind: 'number' },
    { text: queued, kind: 'number' },
    { text: cachedOutputs, kind: 'number' },
    { text: `${trouble ?? ''}${again}`, kind: 'words' },
  ]
}
