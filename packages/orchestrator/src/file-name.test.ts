import { expect, it } from 'vitest'
import { fileNameOf } from './file-name.ts'

it.each([
  ['leaf-1.lab', 'leaf-1.lab'],
  ['../../etc/passwd', '..%2F..%2Fetc%2Fpasswd'],
  ['a b\n', 'a%20b%0A'],
])('keeps %j in its folder, as %s', (name, file) => {
  expect(fileNameOf(name)).toBe(file)
})

it('is short enough, and another one for another name, whatever characters they have', () => {
  const names = ['ü'.repeat(255), `${'ü'.repeat(254)}u`, 'x\ud800', 'x\ud801', 'x\ufffd']
  const files = names.map((name) => fileNameOf(name))
  expect(new Set(files).size).toBe(names.length)
  for (const file of files) expect(file).toMatch(/^[\w%.-]{1,200}$/)
})
