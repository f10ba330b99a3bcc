import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { type ContainerRuntimeClient, GenericContainer, ImageName } from 'testcontainers'
import { debianBase } from './debian-base.ts'

const RECIPE = path.join(import.meta.dirname, 'frr')

/**
 * The name of the router's image, which is built unless the engine has it: the tag is a hash of the recipe.
 * @throws {NoBaseImage}
 */
export async function frrImage(client: ContainerRuntimeClient): Promise<string> {
  const image = `nac-broker-frr:${await hashOfRecipe()}`
  if (await client.image.exists(ImageName.fromString(image))) return image
  const base = await debianBase(client)
  await GenericContainer.fromDockerfile(RECIPE)
    .withBuildArgs({ BASE: base })
    .build(image, { deleteOnExit: false })
  return image
}

async function hashOfRecipe(): Promise<string> {
  const hash = createHash('sha256')
  for (const name of (await readdir(RECIPE)).toSorted()) {
    hash.update(`${name}\n`).update(await readFile(path.join(RECIPE, name)))
  }
  return hash.digest('hex').slice(0, 12)
}
