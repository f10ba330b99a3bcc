import { LINES_FULL } from './lines-full.ts'
import type { Platform } from './platform.ts'
import { isShowCommand, type ShowGrammar } from './show-command.ts'

const READING: ShowGrammar = {
  commands: ['show', 'sho', 'sh', 'dir', 'pwd'],
  filters: [
    'begin',
    'count',
    'egrep',
    'end',
    'exclude',
    'grep',
    'head',
    'include',
    'json',
    'json-pretty',
    'last',
    'no-more',
    'section',
    'wc',
    'xml',
  ],
  writers: [
    'awk',
    'diff',
    'email',
    'redirect',
    'sed',
    'sort',
    'source',
    'tee',
    'tr',
    'uniq',
    'vsh',
  ],
  laterPipes: 'filter',
  // NX-OS redirects with `>` and runs several commands in a line with `;`.
  forbidden: /[>;]/,
}

export const nxos: Platform = {
  os: ['nxos'],
  prompts: {
    // In maintenance mode every prompt says so: `n9k(maint-mode)#`, `n9k(maint-mode)(config)#`.
    work: /^[\w./-]+(?:\(maint-mode\))?# ?$/,
    configure: /^[\w./-]+(?:\(maint-mode\))?\(config[^()\s]*\)# ?$/,
  },
  configure: { enter: ['configure terminal'], leave: ['end'] },
  helpKey: '?',
  disablePaging: ['terminal length 0', 'terminal width 511'],
  isReadOnly: (command) => isShowCommand(command, READING),
  errorPatterns: [
    /^% ?(?:Invalid|Incomplete|Ambiguous) /i,
    /^% ?Permission denied/i,
    /^Syntax error while parsing /i,
  ],
  linesFull: LINES_FULL,
}
