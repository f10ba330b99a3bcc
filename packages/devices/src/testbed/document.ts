import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  Scalar,
  type YAMLError,
  type YAMLMap,
} from 'yaml'
import { invalid, type Place } from './place.ts'

/**
 * A YAML document in which everything knows where it stands. A value in a mapping stands where its
 * key does, for that is the line a reader looks for.
 */
export type TestbedNode =
  | { kind: 'text'; text: string; place: Place }
  | { kind: 'nothing'; place: Place }
  | { kind: 'list'; items: readonly TestbedNode[]; place: Place }
  | { kind: 'map'; entries: ReadonlyMap<string, TestbedNode>; place: Place }
  // Markup that cannot be resolved: an error for who reads it, and none where nobody does.
  | { kind: 'refused'; reason: string; place: Place }

/**
 * Scalars become text exactly as it was written, so that a password `0123` keeps its zero.
 * @throws {BrokerError} `TESTBED_INVALID` with the line of the first mistake.
 */
export function parseYaml(text: string, file: string): TestbedNode {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const placeOf = (offset: number): Place => ({
    file,
    line: Math.max(1, lines.linePos(offset).line),
  })
  const [mistake] = document.errors
  if (mistake) throw invalid(placeOf(mistake.pos[0]), describe(mistake, text))
  return new Converter(document, placeOf).convert(document.contents, placeOf(0))
}

class Converter {
  readonly #document: Document
  readonly #placeOf: (offset: number) => Place
  /** Anchored nodes being converted, so that one which contains itself ends. */
  readonly #open = new Set<Node>()

  constructor(document: Document, placeOf: (offset: number) => Place) {
    this.#document = document
    this.#placeOf = placeOf
  }

  convert(node: Node | null, place: Place): TestbedNode {
    if (node === null) return { kind: 'nothing', place }
    if (isAlias(node)) return this.#follow(node.resolve(this.#document), node.source, place)
    if (isMap(node)) return { kind: 'map', entries: this.#entries(node), place }
    if (isScalar(node)) return scalar(node, place)
    const items = (node as unknown as { items: Node[] }).items
    return { kind: 'list', items: items.map((item) => this.convert(item, this.#at(item))), place }
  }

  #follow(target: Node | undefined, anchor: string, place: Place): TestbedNode {
    if (!target) throw invalid(place, `the alias *${anchor} has no anchor &${anchor} before it`)
    if (this.#open.has(target)) throw invalid(place, `the alias *${anchor} contains itself`)
    this.#open.add(target)
    const followed = this.convert(target, place)
    this.#open.delete(target)
    return followed
  }

  #entries(map: YAMLMap): Map<string, TestbedNode> {
    const own = new Map<string, TestbedNode>()
    const merged: TestbedNode[] = []
    for (const { key, value } of map.items as { key: Node; value: Node | null }[]) {
      const place = this.#at(key)
      if (!isScalar(key)) throw invalid(place, 'a key must be text')
      const entry = this.convert(value, place)
      if (key.type === Scalar.PLAIN && key.source === '<<') merged.push(entry)
      else own.set(scalarText(key), entry)
    }
    if (merged.length === 0) return own
    // The keys beside `<<` win, and of several merged mappings the first.
    const sources = merged.flatMap((node) => (node.kind === 'list' ? node.items : [node]))
    const inherited = sources.toReversed().flatMap((source) => {
      if (source.kind !== 'map') throw invalid(source.place, '<< can merge nothing but mappings')
      return [...source.entries]
    })
    return new Map([...inherited, ...own])
  }

  #at(node: Node): Place {
    return this.#placeOf(node.range?.[0] ?? 0)
  }
}

function scalar(node: Scalar, place: Place): TestbedNode {
  if (node.value === null) return { kind: 'nothing', place }
  return { kind: 'text', text: scalarText(node), place }
}

function scalarText(node: Scalar): string {
  return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value))
}

function describe(mistake: YAMLError, text: string): string {
  if (mistake.code === 'DUPLICATE_KEY') {
    const key = /^(?:"[^"\n]*"|'[^'\n]*'|[^:\n]+)/.exec(text.slice(mistake.pos[0]))?.[0]
    return `the key ${key} is there twice; remove one`
  }
  if (mistake.code === 'MULTIPLE_DOCS') return 'a second document begins here; a testbed is one'
  if (mistake.code === 'BAD_SCALAR_START' && text.startsWith('%', mistake.pos[0])) {
    return 'a value that begins with % must be in quotes, as in "%ENV{NAME}"'
  }
  // What stands behind a colon is quoted from the file, and could be a password.
  return `no valid YAML: ${mistake.message.split(':', 1)[0]}`
}
