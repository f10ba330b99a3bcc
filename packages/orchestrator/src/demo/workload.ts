/** What a demo's worker is told, as JSON in its only argument. */
export interface Share {
  /** Which of the workers it is, from 0. */
  index: number
  workers: number
  /** How many commands all workers run together. */
  commands: number
  devices: readonly string[]
}

/** What a demo's worker prints for each command: one line of JSON. */
export type Answered = { device: string; command: string } & (
  | { answer: 'right' | 'wrong'; cached: boolean; ms: number }
  | { error: string }
)

/** What every test asks for, sooner or later. */
const REPEATED = [
  'show version',
  'show ip interface brief',
  'show interfaces',
  'show inventory',
  'show running-config',
] as const

/** Of three rounds over the devices, one asks for what nobody else does. */
const UNIQUE_EVERY = 3

/** One worker's commands, device after device. */
export function* shareOf({ index, workers, commands, devices }: Share): Generator<{
  device: string
  command: string
}> {
  const own = Math.floor(commands / workers) + (index < commands % workers ? 1 : 0)
  for (let done = 0; done < own; done++) {
    const device = devices[done % devices.length] as string
    const round = Math.floor(done / devices.length)
    const unique = round % UNIQUE_EVERY === UNIQUE_EVERY - 1
    const repeated = REPEATED[round % REPEATED.length] as string
    yield { device, command: unique ? `show nonce w${index + 1}-${done + 1}` : repeated }
  }
}

/** Whether this can be the answer to that: a nonce comes back at the beginning of its answer. */
export function answers(command: string, output: string): boolean {
  const nonce = /^show nonce (.+)$/.exec(command)?.[1]
  return nonce === undefined ? output !== '' : output.startsWith(`${nonce} `)
}
