// Fails unless the tests have come by every failpoint in the sources. Reads the file that
// NAC_BROKER_FAILPOINTS_SEEN named while they ran.
import { existsSync, globSync, readFileSync } from 'node:fs'

/** What is crashed in fewer places than this is not crashed where it would be worst. */
const AT_LEAST = 60

const seenFile = process.argv[2]
const seen = new Set(existsSync(seenFile) ? readFileSync(seenFile, 'utf8').split('\n') : [])
const sources = globSync('packages/*/src/**/*.ts').filter((file) => !file.endsWith('.test.ts'))
const names = sources.flatMap((file) =>
  Array.from(readFileSync(file, 'utf8').matchAll(/failpoint\('([\w.-]+)'\)/g), ([, name]) => name),
)
const twice = names.filter((name, at) => names.indexOf(name) !== at)
const unseen = names.filter((name) => !seen.has(name))
for (const name of twice) console.error(`failpoint ${name}: there are two of that name`)
for (const name of unseen) console.error(`failpoint ${name}: no test comes by it`)
console.log(`${names.length - unseen.length} of ${names.length} failpoints were reached`)
if (names.length < AT_LEAST) console.error(`there are fewer than ${AT_LEAST} failpoints`)
process.exitCode = names.length < AT_LEAST || twice.length + unseen.length > 0 ? 1 : 0
