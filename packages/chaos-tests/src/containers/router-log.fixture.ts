/**
 * What a router's container has printed, over all its restarts. The engine hands it out in frames: a header
 * of 8 bytes, of which the last four are the length, and a payload.
 */
export function logLines(frames: Buffer): string[] {
  const payloads: Buffer[] = []
  for (let at = 0; at < frames.length;) {
    const end = at + 8 + frames.readUInt32BE(at + 4)
    payloads.push(frames.subarray(at + 8, end))
    at = end
  }
  return Buffer.concat(payloads).toString().split(/\r?\n/)
}

/** How often a command reached the router, in configuration mode or out of it. */
export function executions(log: readonly string[], command: string): number {
  return log.filter((line) => line.includes(' vty[') && line.endsWith(`# ${command}`)).length
}

export function logins(log: readonly string[]): number {
  return log.filter((line) => line.startsWith('Accepted password ')).length
}
