import { existsSync, globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'

const ROOT = path.join(import.meta.dirname, '../../..')

const pages = globSync(['*.md', 'docs/**/*.md', 'packages/*/*.md', 'examples/*.md'], { cwd: ROOT })

it.each(pages)('every file that %s links to is there', async (page) => {
  const text = await readFile(path.join(ROOT, page), 'utf8')
  const targets = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(
    ([, target = '']) => target,
  )
  const missing = targets.filter(
    (target) => !existsSync(path.join(ROOT, path.dirname(page), target)),
  )
  expect(missing).toEqual([])
})
