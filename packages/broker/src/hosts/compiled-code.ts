import path from 'node:path'

/**
 * The environment for a hosted broker: Node keeps what it compiles, and what is left of a source without
 * its types, in the user's own cache folder. That is most of a broker's start, and clients wait for the
 * start of the next one. `NODE_COMPILE_CACHE` names another folder and `NODE_DISABLE_COMPILE_CACHE=1`
 * none; one that cannot be written is done without.
 */
export function keepingCompiledCode(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const { HOME: home, XDG_CACHE_HOME: xdg } = env
  const caches = xdg || (home && path.join(home, '.cache'))
  if (!caches) return env
  return { NODE_COMPILE_CACHE: path.join(caches, 'nac-broker'), ...env }
}
