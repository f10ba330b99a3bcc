import { fileTrouble } from '../file-trouble.ts'
import { EXIT } from './exit-codes.ts'

/**
 * stdout is for what was asked for, stderr for what there is to say about it. A reader that has gone
 * (`| head`) is no failure: what it would have got is dropped. A full disk is one.
 */
type Stream = typeof process.stdout | typeof process.stderr

/** Why nothing is written to these any more. */
const troubles = new Map<Stream, NodeJS.ErrnoException>()

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => giveUp(stream, error))
}

function giveUp(stream: Stream, trouble: NodeJS.ErrnoException): void {
  if (!troubles.has(stream)) troubles.set(stream, trouble)
}

function print(text: string): void {
  if (flowing) gathered += text
  else write(process.stdout, text)
}

/** Text as it is, and exactly one line end if it has none. Nothing for nothing. */
export function printText(text: string): void {
  if (text !== '') print(text.endsWith('\n') ? text : `${text}\n`)
}

export function printLine(line: string): void {
  print(`${line}\n`)
}

/** What comes while lines flow waits behind them. */
let gathered = ''
let flowing: Promise<void> | undefined

/**
 * For many lines, which are written together; the promise is of when the reader of stdout has kept up
 * with them.
 */
export function streamLine(line: string): Promise<void> {
  gathered += `${line}\n`
  flowing ??= flow()
  return flowing
}

async function flow(): Promise<void> {
  const { stdout } = process
  // Until those who have lines now have told all of them.
  await Promise.resolve()
  while (gathered !== '') {
    const text = gathered
    gathered = ''
    write(stdout, text)
    if (stdout.writableNeedDrain && !troubles.has(stdout)) await drained(stdout)
  }
  flowing = undefined
}

/** Resolves as well when nothing more can be written. */
function drained(stream: Stream): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      stream.off('drain', settle).off('error', settle)
      resolve()
    }
    stream.on('drain', settle).on('error', settle)
  })
}

export function printJson(value: unknown): void {
  printLine(JSON.stringify(value))
}

/** Whether stderr is a terminal whose cursor can be moved: lines on it can be drawn over. */
export function canBeLive(): boolean {
  return process.stderr.isTTY && process.env['TERM'] !== 'dumb'
}

/** Text as it is. */
export function printToStderr(text: string): void {
  write(process.stderr, text)
}

/** One line, whatever is in the message. */
export function printError(message: string): void {
  printToStderr(`nac-broker: ${message.replaceAll(/\s*\n\s*/g, ' ')}\n`)
}

/** Resolves when everything written to stdout has been handed over: with whether that went well. */
export async function printed(): Promise<boolean> {
  await flowing
  await flushed(process.stdout)
  const trouble = troubles.get(process.stdout)
  return trouble === undefined || trouble.code === 'EPIPE'
}

/** To be called at the end. What was asked for and could not be written is a failure of its own. */
export async function finalExitCode(exitCode: number): Promise<number> {
  const good = await printed()
  if (!good)
    printError(`the output cannot be written: ${fileTrouble(troubles.get(process.stdout))}`)
  await flushed(process.stderr)
  return exitCode === EXIT.ok && !good ? EXIT.failed : exitCode
}

async function flushed(stream: Stream): Promise<void> {
  if (troubles.has(stream)) return
  await new Promise<void>((resolve) => {
    stream.write('', (error) => {
      if (error) giveUp(stream, error)
      resolve()
    })
  })
}

function write(stream: Stream, text: string): void {
  if (!troubles.has(stream)) stream.write(text)
}
