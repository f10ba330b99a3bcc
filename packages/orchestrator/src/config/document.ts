import { BrokerError } from '@nac-broker/protocol'
import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  Scalar,
  visit,
} from 'yaml'
import { mistakesIn } from './mistakes.ts'

/** A YAML document as plain values, scalars as the text that was written, and where each stands. */
export interface ConfigDocument {
  value: unknown
  /** `file:line` of what the path leads to, or of the last thing on the way to it. */
  placeOf: (path: readonly PropertyKey[]) => string
  /** The same as a number: what stands further down has a greater one. */
  offsetOf: (path: readonly PropertyKey[]) => number
}

/** @throws {BrokerError} `CONFIG_INVALID` with the line of each mistake. */
export function parseConfigDocument(text: string, file: string): ConfigDocument {
  const lines = new LineCounter()
  // With the failsafe schema nothing but text comes out, so `010` and `off` stay what they are.
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    schema: 'failsafe',
    merge: true,
  })
  const place = (offset: number): string => `${file}:${Math.max(1, lines.linePos(offset).line)}`
  if (document.errors.length > 0) {
    throw mistakesIn(
      file,
      document.errors.map(({ pos, message }) => {
        const what = `${place(pos[0])}: no valid YAML: ${message.split('\n', 1)[0]}`
        return { offset: pos[0], what }
      }),
    )
  }
  dropEmpty(document)
  return {
    value: values(document, file),
    placeOf: (path) => place(offsetOf(document, path)),
    offsetOf: (path) => offsetOf(document, path),
  }
}

function values(document: Document, file: string): unknown {
  try {
    const value: unknown = document.toJS()
    return value === '' ? undefined : value
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new BrokerError('CONFIG_INVALID', `${file}: no valid YAML: ${why}`)
  }
}

/** A key whose value was left out, or commented out, counts as absent. */
function dropEmpty(document: Document): void {
  visit(document, {
    Pair: (_, { value }) =>
      isScalar(value) && value.type === Scalar.PLAIN && value.value === ''
        ? visit.REMOVE
        : undefined,
  })
}

/** A value in a mapping stands where its key does, for that is the line a reader looks for. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents
  let offset = 0
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === step)
      if (!pair || !isScalar(pair.key)) return offset
      offset = pair.key.range?.[0] ?? offset
      node = pair.value
    } else if (isSeq(node)) {
      const item = node.items[Number(step)]
      node = item
      if (isMap(item) || isScalar(item) || isSeq(item)) offset = item.range?.[0] ?? offset
    }
  }
  return offset
}
