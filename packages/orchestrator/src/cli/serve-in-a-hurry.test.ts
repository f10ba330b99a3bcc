import { execFileSync } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { Running, temporaryFolder } from './command-line.fixture.ts'

/** Says `busy` into the pipe when it is, and neither an end of input nor SIGTERM ends it then. */
const STUBBORN = `
exec 3>"$1"
trap '' TERM INT
printf 'r1#'
while read -r line; do
  case $line in
    terminal*) printf 'r1#' ;;
    *) echo busy >&3; while :; do sleep 1; done ;;
  esac
done
`

it.each(['thread', 'process', 'inline'])(
  'leaves no process of a command: device behind on a second signal, with host %s',
  async (host) => {
    await using folder = await temporaryFolder()
    const pipe = folder.path('pipe')
    execFileSync('sh', ['-c', 'mkfifo "$0"', pipe])
    await writeFile(folder.path('stubborn.sh'), STUBBORN)
    const command = `sh ${folder.path('stubborn.sh')} ${pipe}`
    await writeFile(
      folder.path('t.yaml'),
      `devices: {r1: {os: iosxe, connections: {cli: {command: ${command}}}}}\n`,
    )
    await writeFile(folder.path('nac-broker.yaml'), 'broker: {crash_policy: abort}\n')
    const options = ['--testbed', 't.yaml', '--host', host, '--log-level', 'debug']
    await using serve = new Running(['serve', ...options], { cwd: folder.path() })
    const log = createInterface({ input: serve.process.stderr })
    const draining = new Promise<void>((resolve) => {
      log.on('line', (line) => line.includes('"draining"') && resolve())
    })
    const { socket } = JSON.parse(await serve.line()) as { socket: string }
    // Ends when nobody has the pipe open for writing any more.
    const device = createReadStream(pipe, 'utf8')
    const said = device.toArray()
    const busy = new Promise((resolve) => device.once('data', resolve))
    await using client = new Running(['exec', 'r1', 'show clock', '--socket', socket])
    await busy

    serve.process.kill('SIGINT')
    await draining
    serve.process.kill('SIGINT')
    expect(await serve.exited).toMatchObject({ code: 130 })
    expect(await said).toEqual(['busy\n'])
    await client.exited
  },
)
