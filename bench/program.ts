import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { keepingCompiledCode } from '../packages/broker/src/hosts/compiled-code.ts'
import { usageOf } from './usage.ts'
import { programEnded } from './whole-question.ts'

/** A program of ours in a process of its own. Disposing it cuts it off and waits for its exit. */
export interface Program<Message, Answer> extends AsyncDisposable {
  readonly pid: number | undefined
  /** Tells it something; resolves with what it then says. One at a time. Rejects when it ends instead. */
  ask(message: Message): Promise<Answer>
}

/** Starts a file of `programs/`; resolves when it has said that it is ready. */
export async function startProgram<Answer = never, Message = 'go'>(
  file: string,
  ...args: string[]
): Promise<Program<Message, Answer>> {
  const child = fork(path.join(import.meta.dirname, 'programs', file), args, {
    env: keepingCompiledCode(),
  })
  const exited = once(child, 'exit')
  const early = exited.then(([code, signal]) => {
    throw new Error(`${file} ended too early (${String(signal ?? code)}); its own words are above`)
  })
  early.catch(() => {})
  const next = async (): Promise<unknown> => {
    const [message] = (await Promise.race([once(child, 'message'), early])) as [unknown]
    return message
  }
  const ready = await next()
  if (ready !== 'ready')
    throw new Error(`${file} said ${JSON.stringify(ready)} before it was ready`)
  return {
    pid: child.pid,
    ask(message) {
      const answer = next() as Promise<Answer>
      child.send(message as string)
      return answer
    },
    async [Symbol.asyncDispose]() {
      programEnded(file, await usageOf(child.pid))
      if (child.connected) child.disconnect()
      await exited
    },
  }
}
