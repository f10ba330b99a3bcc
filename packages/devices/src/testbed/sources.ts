import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { asBrokerError, BrokerError } from '@nac-broker/protocol'
import { parseYaml, type TestbedNode } from './document.ts'
import { invalid, pathFrom, type Place } from './place.ts'

const INCLUDE = /^\s*%INCLUDE\{\s*([^{}]+?)\s*\}\s*$/

/**
 * One document out of a testbed's text and the files it extends and includes.
 * @throws {BrokerError} `TESTBED_INVALID` for the text and what it extends; what it includes and
 * cannot be used becomes a refused node.
 */
export async function assemble(text: string, file: string): Promise<TestbedNode> {
  return assembleText(text, file, [resolve(file)])
}

/**
 * At once: a thread that is terminated while it waits for a file to be opened leaves it open for ever.
 * @throws {BrokerError} `TESTBED_INVALID`
 */
export async function readText(file: string): Promise<string> {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new BrokerError('TESTBED_INVALID', `${file}: ${unreadable(error)}`, { cause: error })
  }
}

/** `trail` holds the files being read, so that two which need each other end in an error. */
async function assembleText(
  text: string,
  file: string,
  trail: readonly string[],
): Promise<TestbedNode> {
  const root = await include(parseYaml(text, file), trail)
  const extended = root.kind === 'map' ? root.entries.get('extends') : undefined
  if (!extended) return root
  // The last of the list is the base, each one before it is laid over that, the file itself on top.
  let base: TestbedNode | undefined
  for (const name of names(extended).toReversed()) {
    // oxlint-disable-next-line no-await-in-loop -- a handful of small files, in a fixed order
    const layer = await assembleFile(name.text, name.place, trail).catch((error: unknown) => {
      const { message } = asBrokerError(error)
      throw invalid(name.place, `extends a file that cannot be used: ${message}`)
    })
    base = base ? merge(base, layer) : layer
  }
  return base ? merge(base, root) : root
}

async function assembleFile(
  name: string,
  place: Place,
  trail: readonly string[],
): Promise<TestbedNode> {
  const file = pathFrom(place, name)
  const absolute = resolve(file)
  if (trail.includes(absolute)) {
    throw new BrokerError('TESTBED_INVALID', `${file}: the files lead back to this one`)
  }
  return assembleText(await readText(file), file, [...trail, absolute])
}

/** The document with the content of each `%INCLUDE{file}` in its place. */
async function include(node: TestbedNode, trail: readonly string[]): Promise<TestbedNode> {
  switch (node.kind) {
    case 'text': {
      const name = INCLUDE.exec(node.text)?.[1]
      if (name === undefined) return node
      return assembleFile(name, node.place, trail).catch((error: unknown): TestbedNode => {
        const reason = `includes a file that cannot be used: ${asBrokerError(error).message}`
        return { kind: 'refused', reason, place: node.place }
      })
    }
    case 'list':
      return { ...node, items: await Promise.all(node.items.map((item) => include(item, trail))) }
    case 'map': {
      const entries = await Promise.all(
        [...node.entries].map(async ([key, value]) => [key, await include(value, trail)] as const),
      )
      return { ...node, entries: new Map(entries) }
    }
    case 'nothing':
    case 'refused':
      return node
  }
}

function names(node: TestbedNode): Extract<TestbedNode, { kind: 'text' }>[] {
  const items = node.kind === 'list' ? node.items : [node]
  return items.map((item) => {
    if (item.kind === 'text') return item
    throw invalid(item.place, 'extends must be the name of a file, or a list of them')
  })
}

/** Mappings are merged key by key; of anything else `over` wins. */
function merge(base: TestbedNode, over: TestbedNode): TestbedNode {
  if (base.kind !== 'map' || over.kind !== 'map') return over
  const entries = new Map(base.entries)
  for (const [key, value] of over.entries) {
    const below = entries.get(key)
    entries.set(key, below ? merge(below, value) : value)
  }
  return { ...over, entries }
}

function unreadable(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EISDIR') return 'this is a directory, not a file'
  return `cannot be read (${code ?? String(error)})`
}
