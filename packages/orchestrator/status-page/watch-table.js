import { byId } from './markup.js'
import { TableRows } from './table-rows.js'

const rows = new TableRows('watch-rows', 'watch')

export function showWatches(watches) {
  byId('watches').hidden = watches.length === 0
  rows.show(watches, ({ name, state, cause = '' }) => [
    { text: name },
    { text: state, kind: `state is-${state}` },
    { text: cause, kind: 'words' },
  ])
}
