/** What an event says, for a line: "device=sim-1 openMs=12.3 steps=tcp:1.2,banner:20.1". */
export function eventWords(fields: object): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${word(value)}`)
    .join(' ')
}

function word(value: unknown): string {
  if (Array.isArray(value) && value.every(isStep)) {
    return value.map(({ step, ms }) => `${step}:${rounded(ms)}`).join(',')
  }
  if (typeof value === 'number') return `${rounded(value)}`
  return typeof value === 'string' ? quoted(value) : JSON.stringify(value)
}

/** Of a login. */
function isStep(value: unknown): value is { step: string; ms: number } {
  return typeof value === 'object' && value !== null && 'step' in value && 'ms' in value
}

/** To a tenth: what is counted stays as it is. */
function rounded(value: number): number {
  return Math.round(value * 10) / 10
}

/** As it is where it is one word. */
function quoted(value: string): string {
  return /^[\w./:@-]+$/.test(value) ? value : JSON.stringify(value)
}
