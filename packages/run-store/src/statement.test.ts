import { DatabaseSync } from 'node:sqlite'
import { expect, it, vi } from 'vitest'
import { Statement } from './statement.ts'

it('a statement is compiled when it is first used, and once', () => {
  using database = new DatabaseSync(':memory:')
  const prepare = vi.spyOn(database, 'prepare')
  const statement = new Statement(database, 'SELECT ? AS n')
  expect(prepare).not.toHaveBeenCalled()
  expect(statement.get(1)).toEqual({ n: 1 })
  expect(statement.all(2)).toEqual([{ n: 2 }])
  expect(prepare).toHaveBeenCalledTimes(1)
})
