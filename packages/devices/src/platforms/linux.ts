import { LINES_FULL } from './lines-full.ts'
import type { Platform } from './platform.ts'

/**
 * Characters of which no shell makes a second command, a redirection, an expansion that runs
 * something, or a line from its history.
 */
const HARMLESS = /^[\w ./:=,@%+~*?'"[\]#^-]*$/

/** Commands that cannot write, with the options that would make them do it left out. */
const READING: readonly RegExp[] = [
  /^(?:arch|cat|df|du|egrep|fgrep|free|getent|grep|head|id|ls|lsblk|lscpu|lsmod|lspci|nproc)(?: |$)/,
  /^(?:netstat|printenv|ps|pwd|readlink|realpath|stat|tail|uname|uptime|w|wc|who|whoami)(?: |$)/,
  // With a name it sets the name.
  /^hostname(?: -[AdfiIs]+)*$/,
  // Not `-K`, which kills sockets, nor `-D`, which writes a file, nor either in quotes.
  /^ss(?: -[0146aeHilmnOoprstuwxZ]+| [\w:.=/]\S*)*$/,
  // Not `-batch`, which reads commands from a file.
  /^ip(?: -(?:[046Ndjoprs]|br|brief|c|color|details|json|pretty|stats|statistics))* (?:a|addr|address|l|link|n|neigh|neighbor|neighbour|r|route|ru|rule|netns)(?: (?:show|list|ls)(?: .*)?)?$/,
  /^ip(?: -[46djop])* (?:r|route) get .+$/,
]

export const linux: Platform = {
  os: ['linux'],
  prompts: {
    // `user@host:~$`, `[user@host dir]#`, `host:~#`, `/etc #`, `bash-5.2$`, `$`, a virtualenv before it.
    work: /^(?:\([\w.-]+\) )?(?:(?:[\w.-]+@)?[\w.-]+:[~/].*|\[[\w.-]+@[\w.-]+ [^\]]+\]|[~/]\S* |\w+-\d[\d.]*)?[#$] ?$/,
  },
  disablePaging: ['export PAGER=cat SYSTEMD_PAGER=cat'],
  isReadOnly(command) {
    const line = command.trim()
    return HARMLESS.test(line) && READING.some((pattern) => pattern.test(line))
  },
  // A shell refuses nothing: `command not found` is output as every other failure is, and a file that
  // holds these words must be readable.
  errorPatterns: [],
  linesFull: LINES_FULL,
}
