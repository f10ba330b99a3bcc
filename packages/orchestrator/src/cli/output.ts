/**
 * stdout is for what was asked for, stderr for what there is to say about it. A reader that has gone
 * (`| head`) is no failure: what it would have got is dropped.
 */
type Stream = typeof process.stdout | typeof process.stderr

const gone = new WeakSet<Stream>()

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', () => void gone.add(stream))
}

function print(text: string): void {
  write(process.stdout, text)
}

/** Text as it is, and exactly one line end if it has none. Nothing for nothing. */
export function printText(text: string): void {
  if (text !== '') print(text.endsWith('\n') ? text : `${text}\n`)
}

export function printLine(line: string): void {
  print(`${line}\n`)
}

export function printJson(value: unknown): void {
  printLine(JSON.stringify(value))
}

/** One line, whatever is in the message. */
export function printError(message: string): void {
  write(process.stderr, `nac-broker: ${message.replaceAll(/\s*\n\s*/g, ' ')}\n`)
}

/** Resolves when everything written has been handed over. */
export async function flushed(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    if (!gone.has(stream)) await new Promise<void>((resolve) => stream.write('', () => resolve()))
  }
}

function write(stream: Stream, text: string): void {
  if (!gone.has(stream)) stream.write(text)
}
