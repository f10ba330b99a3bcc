/** The file `name` beside the module at `moduleUrl`, with that one's extension: sources or build. */
export function besideThis(moduleUrl: string, name: string): URL {
  const extension = /\.[^.]+$/.exec(moduleUrl)?.[0] ?? '.js'
  return new URL(`./${name}${extension}`, moduleUrl)
}
