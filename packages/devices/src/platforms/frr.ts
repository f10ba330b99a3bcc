import { LINES_FULL } from './lines-full.ts'
import type { Platform } from './platform.ts'
import { isShowCommand, type ShowGrammar } from './show-command.ts'

const READING: ShowGrammar = {
  commands: ['show', 'sho', 'sh'],
  filters: ['include'],
  writers: [],
  laterPipes: 'text',
}

/** FRRouting, with `vtysh` as the login shell. */
export const frr: Platform = {
  os: ['frr'],
  prompts: {
    work: /^[\w./-]+# ?$/,
    configure: /^[\w./-]+\(config[^()\s]*\)# ?$/,
  },
  configure: { enter: ['configure terminal'], leave: ['end'] },
  helpKey: '?',
  disablePaging: ['terminal length 0'],
  isReadOnly: (command) => isShowCommand(command, READING),
  errorPatterns: [
    /^% ?(?:Unknown|Ambiguous) command\b/i,
    /^% ?Command incomplete\b/i,
    /^% ?There is no matched command\b/i,
    // A line that the management layer's validation refused.
    /^% ?Configuration failed\b/i,
  ],
  linesFull: LINES_FULL,
}
