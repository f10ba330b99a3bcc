/**
 * What devices say when they have no terminal line left. IOS and NX-OS speak of lines and sessions,
 * PAM (Linux, and FRR behind its sshd) of logins.
 */
export const LINES_FULL =
  /\ball\b.*\b(?:lines?|ttys?|vtys?)\b.*\b(?:in use|busy)\b|\bno more sessions\b|\btoo many (?:users|sessions|logins)\b|\bmax(?:imum)?(?: number of)?(?: \w+)? sessions\b|\bsession limit (?:exceeded|reached)\b/i
