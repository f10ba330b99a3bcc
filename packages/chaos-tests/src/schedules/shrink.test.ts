import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { modelParameters } from '../../../supervisor/src/model-parameters.fixture.ts'
import { shrink } from './shrink.ts'

it('finds the only ones that matter, whichever they are', async () => {
  const some = fc.uniqueArray(fc.integer({ min: 0, max: 20 }), { minLength: 1 })
  await fc.assert(
    fc.asyncProperty(some, fc.infiniteStream(fc.boolean()), async (items, choices) => {
      const [first = 0, ...others] = items
      const culprits = [first, ...others.filter(() => choices.next().value === true)]
      const fails = async (rest: readonly number[]): Promise<boolean> =>
        culprits.every((culprit) => rest.includes(culprit))
      expect(new Set(await shrink(items, fails))).toEqual(new Set(culprits))
    }),
    modelParameters(),
  )
})

it.each([[[]], [[1]], [[1, 2, 3, 4, 5]]])(
  'of %j none is left where it fails anyway',
  async (items) => {
    expect(await shrink(items, async () => true)).toEqual([])
  },
)
