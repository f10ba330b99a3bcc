import { byId, element, setCells } from './markup.js'

const rows = new Map()

export function showWatches(watches) {
  byId('watches').hidden = watches.length === 0
  for (const { name, state, cause = '' } of watches) {
    let row = rows.get(name)
    if (!row) {
      row = element('tr', { 'data-watch': name })
      rows.set(name, row)
      byId('watch-rows').append(row)
    }
    row.className = state
    setCells(row, [
      { text: name },
      { text: state, kind: `state is-${state}` },
      { text: cause, kind: 'words' },
    ])
  }
}
