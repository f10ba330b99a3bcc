// An orchestrator. It hosts the broker and runs two tests as subprocesses, which share the logins.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { BrokerError, superviseBroker } from '@nac-broker/broker'

// What a broker has to say is one line; anything else has its stack.
process.on('uncaughtException', (error) => {
  console.error(error instanceof BrokerError ? `${error.code}: ${error.message}` : error)
  process.exitCode = 1
})

const [testbed = 'testbed.yaml'] = process.argv.slice(2)
await using broker = await superviseBroker({ testbed, crashPolicy: ['restart', 'abort'] })

const test = path.join(import.meta.dirname, 'test.ts')
const runs = [1, 2].map(async () => {
  const env = { ...process.env, ...broker.env() }
  const child = spawn(process.execPath, [test], { env, stdio: 'inherit' })
  const [code] = await once(child, 'exit')
  return code === 0
})
const passed = await Promise.all(runs)

console.log((await broker.status()).statistics)
process.exitCode = passed.every(Boolean) ? 0 : 1
