import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeWritableDirectory } from './make-directory.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'nac-broker-directory-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

it('makes a directory and those above it, and takes what is there', async () => {
  const directory = path.join(folder, 'a', 'b', 'c')
  await makeWritableDirectory(directory)
  await makeWritableDirectory(directory)
  expect((await stat(directory)).isDirectory()).toBe(true)
})

it('goes through a link to a directory', async () => {
  await mkdir(path.join(folder, 'real'))
  await symlink('real', path.join(folder, 'link'))
  await makeWritableDirectory(path.join(folder, 'link', 'a'))
  expect((await stat(path.join(folder, 'real', 'a'))).isDirectory()).toBe(true)
})

it('names the file that stands in the way', async () => {
  const file = path.join(folder, 'file')
  await writeFile(file, '')
  const blame = `${file} is no directory`
  await expect(makeWritableDirectory(file)).rejects.toThrow(blame)
  await expect(makeWritableDirectory(path.join(file, 'a', 'b'))).rejects.toThrow(blame)
})

it('refuses a link to nothing', async () => {
  await symlink('nowhere', path.join(folder, 'link'))
  const made = makeWritableDirectory(path.join(folder, 'link', 'a'))
  await expect(made).rejects.toThrow(`no directory can be made in ${folder} (EEXIST)`)
})

it.runIf(process.platform === 'linux')('returns where no directory can be made', async () => {
  const made = makeWritableDirectory('/proc/x/y')
  await expect(made).rejects.toThrow('no directory can be made in /proc')
})

it.skipIf(process.getuid?.() === 0)('refuses a directory that is not writable', async () => {
  await chmod(folder, 0o500)
  const refused = `${folder} is not writable (permission denied)`
  await expect(makeWritableDirectory(folder)).rejects.toThrow(refused)
  await chmod(folder, 0o700)
})
