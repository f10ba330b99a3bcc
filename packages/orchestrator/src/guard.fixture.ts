/**
 * An orchestrator in the hands of a test. It takes one JSON line after the other on stdin and answers
 * each with a line: `run` starts a worker, whose stdout is our fd 3; `watch` and `forget` take a pid, `mark` a variable;
 * `testbed` starts a broker in a process of its own and answers with that one's pid and socket first. The end of stdin is a clean end.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { superviseBroker } from '@nac-broker/broker'
import { pino } from 'pino'
import { guardBroker } from './guard-broker.ts'
import { startGuard } from './guard.ts'
import { ProcessGroup } from './process-group.ts'

type Order =
  | { run: [string, ...string[]] }
  | { watch: number }
  | { mark: string }
  | { forget: number }
  | { testbed: string }

const log = pino({ level: 'debug' }, pino.destination({ fd: 1, sync: true }))
const groups: ProcessGroup[] = []
const guard = await startGuard({ log })
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as Order
  if ('mark' in order) guard.mark(order.mark)
  else if ('watch' in order) guard.watch(order.watch)
  else if ('forget' in order) guard.forget(order.forget)
  else if ('testbed' in order) {
    const broker = await superviseBroker({ testbed: order.testbed, host: 'process' })
    await guardBroker(guard, broker, undefined)
    process.stdout.write(`broker ${(await broker.status()).pid} ${broker.socketPath}\n`)
  } else {
    const [program, ...args] = order.run
    const child = spawn(program, args, { detached: true, stdio: ['ignore', 3, 'inherit'] })
    child.on('exit', () => process.stdout.write('worker ended\n'))
    groups.push(new ProcessGroup(child.pid as number, guard))
  }
  process.stdout.write('done\n')
}
await guard.close()
