/** What a demo's worker is told, as JSON in its only argument. */
export interface Share {
  /** Which of the workers it is, from 0. */
  index: number
  workers: number
  /** How many commands all workers run together. */
  commands: number
  devices: readonly string[]
}

/** What a worker asks for whenever it visits a device, as all others do. */
const REPEATED = [
  'show version',
  'show ip interface brief',
  'show interfaces',
  'show running-config',
] as const

/** And at last for what nobody else does: in turn a change and a read. One command in ten is a change. */
const VISIT = REPEATED.length + 1

/** One worker's commands: it visits device after device, and each worker begins with another one. */
export function* shareOf({ index, workers, commands, devices }: Share): Generator<{
  device: string
  command: string
}> {
  const own = Math.floor(commands / workers) + (index < commands % workers ? 1 : 0)
  for (let done = 0; done < own; done++) {
    const visit = Math.floor(done / VISIT)
    const device = devices[(visit + index) % devices.length] as string
    const verb = visit % 2 === 0 ? 'write' : 'show'
    const command = REPEATED[done % VISIT] ?? `${verb} nonce w${index + 1}-${done + 1}`
    yield { device, command }
  }
}

/** Whether that must not be executed twice. */
export function isChange(command: string): boolean {
  return command.startsWith('write ')
}

/** Whether this can be the answer to that: a nonce comes back at the beginning of its answer. */
export function answers(command: string, output: string): boolean {
  const nonce = /^(?:show|write) nonce (.+)$/.exec(command)?.[1]
  return nonce === undefined ? output !== '' : output.startsWith(`${nonce} `)
}
