import type { TestbedNode } from './document.ts'

const MARKUP = /%(ENV|INCLUDE|CALLABLE|ASK|ENC|CLI|INTF|EXTEND_LIST|)\{([^{}]*)\}/g
const REFERENCE = /^\s*%\{\s*([^{}]+?)\s*\}\s*$/

/** Why each kind of pyATS markup that we do not resolve is refused, as the end of a sentence. */
const REFUSED: Readonly<Record<string, string>> = {
  INCLUDE: 'uses %INCLUDE{} within other text; it must be the whole value',
  CALLABLE: 'uses %CALLABLE{}, which runs Python code; write %ENV{NAME} or the value itself',
  ASK: 'uses %ASK{}, but a broker has no terminal to ask on; write %ENV{NAME}',
  ENC:
    'uses %ENC{}, which only pyATS can decrypt (its own cypher, or a Fernet key); ' +
    'put the secret in the environment and write %ENV{NAME}',
  CLI: 'uses %CLI{}, which reads the arguments of pyATS; write %ENV{NAME}',
  INTF: 'uses %INTF{}, which is not supported',
  EXTEND_LIST: 'uses %EXTEND_LIST{}, which is not supported',
}

interface Context {
  /** Within `credentials`, `%ENV{}` stays as it is: whoever logs in resolves it. */
  keepEnv: boolean
  /** References being followed, so that a circle ends in an error. */
  trail: readonly string[]
}

type Replaced = { text: string } | { reason: string }

/** Puts variables of the environment in place of `%ENV{NAME}`, or says which one is missing. */
export function replaceEnv(text: string, env: NodeJS.ProcessEnv): Replaced {
  return replaceMarkup(text, (kind, argument) =>
    kind === 'ENV' ? variable(argument, env) : undefined,
  )
}

/**
 * The document with its markup resolved. What cannot be resolved becomes a refused node, an error
 * only for who reads it: a `%CALLABLE{}` below `custom` is none of our business.
 */
export function expandMarkup(root: TestbedNode, env: NodeJS.ProcessEnv): TestbedNode {
  return expand(root, { keepEnv: false, trail: [] })

  function expand(node: TestbedNode, context: Context): TestbedNode {
    switch (node.kind) {
      case 'text':
        return expandText(node, context)
      case 'list':
        return { ...node, items: node.items.map((item) => expand(item, context)) }
      case 'map': {
        const entries = [...node.entries].map(([key, value]) => {
          const keepEnv = context.keepEnv || key === 'credentials'
          return [key, expand(value, { ...context, keepEnv })] as const
        })
        return { ...node, entries: new Map(entries) }
      }
      case 'nothing':
      case 'refused':
        return node
    }
  }

  function expandText(node: Extract<TestbedNode, { kind: 'text' }>, context: Context): TestbedNode {
    const whole = REFERENCE.exec(node.text)?.[1]
    if (whole !== undefined) {
      const target = follow(whole, context)
      return 'reason' in target ? { kind: 'refused', place: node.place, ...target } : target.node
    }
    const replaced = replaceMarkup(node.text, (kind, argument) => {
      if (kind === 'ENV') return context.keepEnv ? undefined : variable(argument, env)
      if (kind !== '') return { reason: REFUSED[kind] ?? `uses %${kind}{}` }
      const target = follow(argument.trim(), context)
      if ('reason' in target) return target
      if (target.node.kind === 'text') return target.node
      return { reason: `puts %{${argument}} within text, but that is not text` }
    })
    if ('reason' in replaced) return { kind: 'refused', place: node.place, ...replaced }
    return { ...node, ...replaced }
  }

  /** What the path names, its own markup resolved for where it is wanted. */
  function follow(path: string, context: Context): { node: TestbedNode } | { reason: string } {
    if (path === 'self' || path.startsWith('self.')) {
      return {
        reason: `refers to %{${path}}; write the path from the top, as in %{devices.NAME.os}`,
      }
    }
    if (context.trail.includes(path)) return { reason: `refers to %{${path}}, which needs itself` }
    const inner = { ...context, trail: [...context.trail, path] }
    const found = find(root, path, (node) => expandText(node, inner))
    if (!found) return { reason: `refers to %{${path}}, which is not there` }
    if (found.kind === 'refused') return { reason: found.reason }
    const node = expand(found, inner)
    return node.kind === 'refused' ? { reason: node.reason } : { node }
  }
}

/** Keys may contain dots (`r1.lab`), so at each mapping the longest key that fits is taken. */
function find(
  node: TestbedNode,
  path: string,
  resolve: (text: Extract<TestbedNode, { kind: 'text' }>) => TestbedNode,
): TestbedNode | undefined {
  const here = node.kind === 'text' && path !== '' ? resolve(node) : node
  if (path === '' || here.kind === 'refused') return here
  if (here.kind !== 'map') return undefined
  const keys = [...here.entries.keys()].filter((key) => `${path}.`.startsWith(`${key}.`))
  const key = keys.toSorted((a, b) => b.length - a.length)[0]
  const value = key === undefined ? undefined : here.entries.get(key)
  return key === undefined || !value ? undefined : find(value, path.slice(key.length + 1), resolve)
}

function variable(name: string, env: NodeJS.ProcessEnv): Replaced {
  const value = env[name.trim()]
  if (value !== undefined) return { text: value }
  return { reason: `needs the environment variable ${name.trim()}, which is not set` }
}

/** Replaces each piece of markup by what `resolve` makes of it; undefined leaves it as it is. */
function replaceMarkup(
  text: string,
  resolve: (kind: string, argument: string) => Replaced | undefined,
): Replaced {
  let reason: string | undefined
  const replaced = text.replaceAll(MARKUP, (markup, kind: string, argument: string) => {
    const result = resolve(kind, argument)
    if (result && 'reason' in result) reason ??= result.reason
    return result && 'text' in result ? result.text : markup
  })
  return reason === undefined ? { text: replaced } : { reason }
}
