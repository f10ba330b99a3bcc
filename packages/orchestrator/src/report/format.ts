const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** `0.05 ms`, `250 ms`, `3.2 s`, `4 min 12 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  if (ms < 10) return `${Number(ms.toPrecision(2))} ms`
  if (Math.round(ms) < SECOND) return `${Math.round(ms)} ms`
  // Sixty seconds are a minute, also where they are a little less.
  if (ms < MINUTE - 50) return `${Number((ms / SECOND).toFixed(1))} s`
  if (ms < HOUR - SECOND / 2) return inTwo(ms, [MINUTE, 'min'], [SECOND, 's'])
  return inTwo(ms, [HOUR, 'h'], [MINUTE, 'min'])
}

type Unit = readonly [ms: number, name: string]

function inTwo(ms: number, [largeMs, large]: Unit, [smallMs, small]: Unit): string {
  const smalls = Math.round(ms / smallMs)
  const perLarge = largeMs / smallMs
  const rest = smalls % perLarge
  return `${Math.floor(smalls / perLarge)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`
}

const THOUSANDS = new Intl.NumberFormat('en-US')

/** `12,345` */
export function number(value: number): string {
  return THOUSANDS.format(value)
}

/** `1 worker`, `2 workers` */
export function count(value: number, what: string): string {
  return `${number(value)} ${what}${value === 1 ? '' : 's'}`
}

/** `81 %`; nothing of nothing is 0 %. What is not all, or not nothing, is not said to be. */
export function share(part: number, whole: number): string {
  const percent = whole === 0 ? 0 : (100 * part) / whole
  if (percent > 99 && percent < 100) return '> 99 %'
  if (percent > 0 && percent < 1) return '< 1 %'
  return `${Math.round(percent)} %`
}

/** `2026-03-01 12:00:05` of an ISO time. */
export function dateAndTime(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ')
}

/** `12:00:05.123` of an ISO time. */
export function time(iso: string): string {
  return iso.slice(11, 23)
}

/** At most so many characters of it. */
export function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`
}

/** `restart, then abort`: a crash policy, whose commas are for programs. */
export function policyInWords(policy: string): string {
  return policy.replaceAll(',', ', then ')
}

/** What was to be found once, or is the code's own word, as a reader says it: `never started`. */
export function inWords(status: string): string {
  return status.replaceAll('-', ' ')
}
