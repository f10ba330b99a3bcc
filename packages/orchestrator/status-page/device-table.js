import { byId, element, setCells } from './markup.js'

const rows = new Map()

export function showDevices(devices) {
  const names = new Set(devices.map(({ name }) => name))
  for (const [name, row] of rows) {
    if (names.has(name)) continue
    row.remove()
    rows.delete(name)
  }
  for (const device of devices) showDevice(device)
}

function showDevice({ name, state, cause, sessions, queued, cachedOutputs, lastError, backoffMs }) {
  let row = rows.get(name)
  if (!row) {
    row = element('tr', { 'data-device': name })
    rows.set(name, row)
    byId('device-rows').append(row)
  }
  row.className = state
  const again = backoffMs === undefined ? '' : `; tried again in ${Math.ceil(backoffMs / 1_000)} s`
  const trouble =
    state === 'failed' ? cause : lastError && `${lastError.code}: ${lastError.message}`
  setCells(row, [
    { text: name },
    { text: state, kind: `state is-${state}` },
    { text: sessions.open, kind: 'number' },
    { text: sessions.busy, kind: 'number' },
    { text: queued, kind: 'number' },
    { text: cachedOutputs, kind: 'number' },
    { text: `${trouble ?? ''}${again}`, kind: 'words' },
  ])
}
