import { BrokerError, connect } from '@nac-broker/client'
import { type Answered, answers, type Share, shareOf } from './workload.ts'

// A test as the demo has it: it runs its commands one after the other, and says how each one went.
const share = JSON.parse(process.argv[2] ?? '') as Share
await using broker = await connect()
for (const { device, command } of shareOf(share)) {
  const answered = await ask(device, command)
  if ('error' in answered || answered.answer === 'wrong') process.exitCode = 1
  process.stdout.write(`${JSON.stringify(answered)}\n`)
}

async function ask(device: string, command: string): Promise<Answered> {
  try {
    const { output, cached, durationMs } = await broker.execute(device, command)
    const answer = answers(command, output) ? 'right' : 'wrong'
    return { device, command, answer, cached, ms: durationMs }
  } catch (error) {
    const said = error instanceof BrokerError ? `${error.code}: ${error.message}` : String(error)
    return { device, command, error: said }
  }
}
