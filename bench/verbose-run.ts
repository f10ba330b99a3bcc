import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { startOneDevice } from './one-device.ts'

const MAIN = path.join(import.meta.dirname, '../packages/orchestrator/src/cli/main.ts')
const TELLS_PEAK = path.join(import.meta.dirname, 'programs/tells-peak.ts')

/**
 * Does a run of one worker with the command, `--verbose` and a pipe that is read.
 * @throws when it does not pass
 */
export async function verboseRun(
  command: readonly string[],
): Promise<{ peakMiB: number; characters: number }> {
  await using device = await startOneDevice()
  const { folder, testbed } = device
  const peakFile = path.join(folder, 'peak')
  const args = ['--import', TELLS_PEAK, MAIN, 'run', '--testbed', testbed, '--verbose']
  const child = spawn(process.execPath, [...args, '--', ...command], {
    cwd: folder,
    env: { ...process.env, PEAK_FILE: peakFile },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const closed = once(child, 'close')
  let characters = 0
  child.stdout.on('data', (chunk: Buffer) => void (characters += chunk.length))
  const said = await text(child.stderr)
  const [code] = (await closed) as [number | null]
  if (code !== 0) throw new Error(`a run exited with ${code}; it said: ${said}`)
  return { peakMiB: Number(await readFile(peakFile, 'utf8')), characters }
}
