import { LINES_FULL } from './lines-full.ts'
import type { Platform } from './platform.ts'
import { isShowCommand, type ShowGrammar } from './show-command.ts'

const READING: ShowGrammar = {
  commands: ['show', 'sho', 'sh', 'dir', 'more', 'pwd'],
  filters: ['begin', 'count', 'exclude', 'include', 'section'],
  writers: ['append', 'redirect', 'tee'],
  laterPipes: 'text',
}

export const iosxe: Platform = {
  os: ['iosxe', 'ios'],
  prompts: {
    login: /^[\w./-]+> ?$/,
    work: /^[\w./-]+# ?$/,
    // Not every submode's name begins with `config`: `(ca-trustpoint)`, `(dhcp-config)`.
    configure: /^[\w./-]+\([^()\s]+\)# ?$/,
  },
  enable: { command: 'enable', passwordPrompt: /^Password:\s*$/i },
  configure: { enter: ['configure terminal'], leave: ['end'] },
  helpKey: '?',
  disablePaging: ['terminal length 0', 'terminal width 0'],
  isReadOnly: (command) => isShowCommand(command, READING),
  errorPatterns: [
    /^% ?(?:Invalid|Incomplete|Ambiguous|Unknown|Unrecognized) (?:input|command)\b/i,
    /^% ?Bad IP address or host name/i,
    /^(?:% ?|Command )authorization failed/i,
    // The answers to `enable`.
    /^% ?(?:Access denied|Bad secrets|Error in authentication)/i,
  ],
  linesFull: LINES_FULL,
}
