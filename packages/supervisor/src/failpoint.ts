import { appendFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

/**
 * What is done at a failpoint: `kill` ends the thread or process that reaches it, without a word; `stall`
 * stops its event loop for good; `throw` fails there.
 */
type Action = 'kill' | 'stall' | 'throw'

interface Armed {
  readonly action: Action
  /** Which time it is reached, from 1. */
  readonly at: number
}

/** For tests: `NAME=ACTION`, or `NAME=ACTION@N` for the N-th time, with commas between. */
const SPEC = process.env['NAC_BROKER_FAILPOINTS']
/** For tests: a file that gets the name of every failpoint that a process reaches, once. */
const SEEN_FILE = process.env['NAC_BROKER_FAILPOINTS_SEEN']

/**
 * A named moment at which a test can make this process fail. Without those variables in the environment, as
 * whenever nobody tests it, it is an empty function.
 */
export const failpoint: (name: string) => void =
  SPEC === undefined && SEEN_FILE === undefined ? () => {} : reach

const armed = parse(SPEC ?? '')
/** How often each was reached. */
const times = new Map<string, number>()

/** Arms failpoints, in the words of NAC_BROKER_FAILPOINTS, where that variable is there, empty or not. */
export function armFailpoints(spec: string): void {
  for (const [name, action] of parse(spec)) armed.set(name, action)
}

function reach(name: string): void {
  const time = (times.get(name) ?? 0) + 1
  times.set(name, time)
  if (time === 1 && SEEN_FILE !== undefined) appendFileSync(SEEN_FILE, `${name}\n`)
  const here = armed.get(name)
  if (here?.at === time) act(here.action, name)
}

function act(action: Action, name: string): void {
  switch (action) {
    case 'kill':
      if (isMainThread) process.kill(process.pid, 'SIGKILL')
      else process.exit(1)
      return
    case 'stall':
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
      return
    case 'throw':
      throw new Error(`failpoint ${name}`)
  }
}

function parse(spec: string): Map<string, Armed> {
  const parsed = new Map<string, Armed>()
  for (const part of spec.split(',').filter(Boolean)) {
    const [, name, action, at = '1'] = /^([\w.-]+)=(kill|stall|throw)(?:@(\d+))?$/.exec(part) ?? []
    if (name === undefined) {
      throw new Error(`NAC_BROKER_FAILPOINTS: "${part}" is not NAME=kill|stall|throw[@N]`)
    }
    parsed.set(name, { action: action as Action, at: Number(at) })
  }
  return parsed
}
