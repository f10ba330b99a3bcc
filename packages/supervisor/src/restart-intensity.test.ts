import { describe, expect, test } from 'vitest'
import { RestartIntensity } from './restart-intensity.ts'

function judge(moments: number[]): boolean[] {
  const intensity = new RestartIntensity({ maxRestarts: 2, withinMs: 100 })
  return moments.map((now) => intensity.exceededBy(now))
}

describe('the intensity of restarts', () => {
  test('is exceeded by one restart more than the window may hold', () => {
    expect(judge([0, 10, 20])).toEqual([false, false, true])
  })

  test('is measured in a window that slides, not in fixed periods', () => {
    expect(judge([0, 90, 110, 120])).toEqual([false, false, false, true])
  })

  test('forgets a restart when it lies the whole window back', () => {
    expect(judge([0, 50, 100])).toEqual([false, false, false])
    expect(judge([0, 50, 99])).toEqual([false, false, true])
  })

  test('with no restart allowed is exceeded by the first', () => {
    const none = new RestartIntensity({ maxRestarts: 0, withinMs: 100 })
    expect(none.exceededBy(0)).toBe(true)
  })
})
