import { closeSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { ownerOf } from '@nac-broker/run-store'
import { holdDirectory } from './directory-hold.ts'

/**
 * Takes the directory so many times, and each time leaves it as if it had been killed: others find a process that
 * is dead. Says `up`, begins when it is told to, and says at the end how often it was not alone.
 */
const [directory = '', times = ''] = process.argv.slice(2)
const DEAD = { ...ownerOf(null), pid: 2 ** 22 + 1, startTicks: 1 }
const witness = path.join(directory, 'witness')
const dead = path.join(directory, `dead-${process.pid}`)

process.stdout.write('up\n')
process.stdin.once('data', () => {
  let notAlone = 0
  for (let taken = 0; taken < Number(times);) {
    try {
      holdDirectory(directory)
    } catch {
      continue
    }
    taken++
    try {
      closeSync(openSync(witness, 'wx'))
      rmSync(witness)
    } catch {
      notAlone++
    }
    die()
  }
  process.stdout.write(`${notAlone} times not alone\n`)
  process.stdin.destroy()
})

function die(): void {
  const [place = ''] = readdirSync(directory).filter((name) => name.endsWith('in-use'))
  const [file = ''] = readdirSync(path.join(directory, place))
  writeFileSync(dead, JSON.stringify(DEAD))
  renameSync(dead, path.join(directory, place, file))
}
