import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { type ContainerRuntimeClient, ImageName } from 'testcontainers'

const PULLED = 'debian:bookworm-slim'
const MIRROR = 'http://deb.debian.org/debian'
const IMPORTED = 'nac-broker-debian:bookworm'

/** Neither a registry nor debootstrap could give us Debian. */
export class NoBaseImage extends Error {}

/**
 * The name of an image of Debian 12 that the engine has: pulled where a registry answers, otherwise
 * made with debootstrap from Debian's own packages, which takes root and half a minute, once.
 * @throws {NoBaseImage}
 */
export async function debianBase(client: ContainerRuntimeClient): Promise<string> {
  if (await client.image.exists(ImageName.fromString(IMPORTED))) return IMPORTED
  const pulling = await failure(client.image.pull(ImageName.fromString(PULLED)))
  if (pulling === undefined) return PULLED
  const importing = await failure(importDebian(client))
  if (importing === undefined) return IMPORTED
  throw new NoBaseImage(`${PULLED} cannot be pulled (${pulling}) nor made (${importing})`)
}

async function importDebian({ container }: ContainerRuntimeClient): Promise<void> {
  const root = await mkdtemp(path.join(tmpdir(), 'nac-broker-debian-'))
  try {
    await run('debootstrap', ['--variant=minbase', 'bookworm', root, MIRROR])
    const [repo, tag] = IMPORTED.split(':')
    const tar = spawn('tar', ['-C', root, '-c', '.'], { stdio: ['ignore', 'pipe', 'ignore'] })
    const importing = await container.dockerode.importImage(tar.stdout, { repo, tag })
    // The image is there when its answer has been read to the end.
    await once(importing.resume(), 'end')
  } finally {
    // A debootstrap that failed half-way may leave /proc mounted in there.
    await run('rm', ['-rf', '--one-file-system', root])
  }
}

const run = promisify(execFile)

/** In one line why it failed, if it did. */
function failure(attempt: Promise<void>): Promise<string | undefined> {
  return attempt.then(
    () => undefined,
    (error: unknown) => String(error).replaceAll(/\s+/g, ' ').trim(),
  )
}
