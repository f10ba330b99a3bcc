import path from 'node:path'

/** So that `node` in a command is the Node that runs us. */
export function withOurNode(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const folders = [path.dirname(process.execPath), env['PATH']].filter(Boolean)
  return { ...env, PATH: folders.join(path.delimiter) }
}
