import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import path from 'node:path'
import { expect, it } from 'vitest'
import { mutated } from './mutant.ts'
import { MUTANTS } from './mutants.ts'

const PACKAGES = path.join(import.meta.dirname, '../../..')

it.each(MUTANTS)('$name still applies: $mistake', ({ edits }) => {
  for (const edit of edits) {
    const source = readFileSync(path.join(PACKAGES, edit.file), 'utf8')
    expect(() => stripTypeScriptTypes(mutated(source, edit))).not.toThrow()
    expect(mutated(source, edit)).not.toBe(source)
  }
})

it('no two mutants have the same name', () => {
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length)
})
