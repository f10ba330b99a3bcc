import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { takeStock } from './stock.ts'

it('a process is left, too, when whoever has started it has ended', async () => {
  const before = await takeStock()
  // Its parent ends at once, and another one adopts it.
  const shell = ['-c', 'sleep 600 >/dev/null 2>&1 & echo $!']
  const pid = Number(execFileSync('sh', shell, { encoding: 'utf8' }))
  try {
    const { leftSince } = await takeStock(before)
    expect(leftSince).toEqual([`process ${pid} is left: sleep 600`])
  } finally {
    process.kill(pid, 'SIGKILL')
  }
})
