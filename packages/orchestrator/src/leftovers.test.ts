import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { ownerOf, processIsGone } from '@nac-broker/run-store'
import { systemClock } from '@nac-broker/supervisor'
import { expect, test } from 'vitest'
import { endLeftovers } from './leftovers.ts'

test('what a dead run has left is ended with its group; a pid that is somebody else by now is not', async () => {
  const leader = spawn('sh', ['-c', 'sleep 60 & echo $!; wait'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const exited = once(leader, 'exit')
  const [grandchild] = await once(createInterface({ input: leader.stdout }), 'line')
  const group = [leader.pid ?? 0, Number(grandchild)].map((pid) => ownerOf(null, pid))
  // Both have it open, so it closes when both have ended.
  const allEnded = once(leader.stdout, 'close')
  const bystander = spawn('sleep', ['60'])
  await once(bystander, 'spawn')
  try {
    const reused = { ...ownerOf(null, bystander.pid), startTicks: 1 }
    await endLeftovers([...group.slice(0, 1), reused, ownerOf(null)], systemClock)
    await Promise.all([exited, allEnded])
    expect(group.map(processIsGone)).toEqual([true, true])
    expect(processIsGone(ownerOf(null, bystander.pid))).toBe(false)
  } finally {
    bystander.kill('SIGKILL')
  }
})
