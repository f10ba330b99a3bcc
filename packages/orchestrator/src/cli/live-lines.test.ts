import { VirtualClock } from '@nac-broker/supervisor'
import { expect, it } from 'vitest'
import { LiveLines, type Size } from './live-lines.ts'
import { Screen } from './screen.fixture.ts'

interface Shown {
  screen: Screen
  clock: VirtualClock
  live: LiveLines
  /** What the frame is from now on. */
  frame: { lines: string[] }
}

/** With a line above that is not ours. */
function show(lines: string[]): Shown {
  const screen = new Screen({ columns: 20, rows: 8 })
  screen.write('$ nac-broker run\n')
  const clock = new VirtualClock()
  const frame = { lines }
  const fitting = ({ columns, rows }: Size): string[] =>
    frame.lines.slice(0, rows - 1).map((line) => line.slice(0, columns))
  const live = new LiveLines(fitting, { terminal: screen, clock })
  return { screen, clock, live, frame }
}

it('draws what has changed ten times a second at most, and nothing else', async () => {
  const { screen, clock, live, frame } = show(['one', 'two'])
  await screen.settled()
  expect(screen.lines).toEqual(['$ nac-broker run', 'one', 'two'])
  const { written } = screen
  await clock.advance(10_000)
  expect(screen.written).toBe(written)
  frame.lines = ['one', '2', 'three']
  await clock.advance(99)
  expect(screen.written).toBe(written)
  await clock.advance(1)
  await screen.settled()
  expect(screen.lines).toEqual(['$ nac-broker run', 'one', '2', 'three'])
  frame.lines = ['three']
  await clock.advance(100)
  await screen.settled()
  expect(screen.lines).toEqual(['$ nac-broker run', 'three'])
  live[Symbol.dispose]()
})

it('leaves nothing behind, nor a timer, and what is said later stays', async () => {
  const { screen, clock, live, frame } = show(['one', 'two'])
  live[Symbol.dispose]()
  screen.write('done\n')
  live[Symbol.dispose]()
  live.above(() => screen.write('late\n'))
  frame.lines = ['never']
  await clock.advance(1_000)
  await screen.settled()
  expect(screen.lines).toEqual(['$ nac-broker run', 'done', 'late'])
})

it('yields the terminal until the next frame', async () => {
  const { screen, clock, live } = show(['one', 'two'])
  live.yield()
  screen.write('Stopped\n')
  await screen.settled()
  expect(screen.lines).toEqual(['$ nac-broker run', 'Stopped'])
  await clock.advance(100)
  await screen.settled()
  expect(screen.lines).toEqual(['$ nac-broker run', 'Stopped', 'one', 'two'])
  live[Symbol.dispose]()
})

it('keeps below what else is written', async () => {
  const { screen, clock, live } = show(['one', 'two'])
  await clock.advance(1_000)
  live.above(() => screen.write('log 1\n'))
  await screen.settled()
  expect(screen.lines).toEqual(['$ nac-broker run', 'log 1', 'one', 'two'])
  // Soon after, the lines come with the next frame.
  live.above(() => screen.write('log 2\n'))
  live.above(() => screen.write('log 3\n'))
  await screen.settled()
  expect(screen.lines).toEqual(['$ nac-broker run', 'log 1', 'log 2', 'log 3'])
  await clock.advance(100)
  await screen.settled()
  expect(screen.lines).toEqual(['$ nac-broker run', 'log 1', 'log 2', 'log 3', 'one', 'two'])
  live[Symbol.dispose]()
})

it.each([
  ['narrower', { columns: 7, rows: 8 }],
  ['wider', { columns: 40, rows: 8 }],
  ['lower', { columns: 20, rows: 4 }],
])('leaves no remnant when the terminal becomes %s', async (_how, size) => {
  const { screen, clock, live } = show(['a'.repeat(20), 'b'.repeat(15)])
  await screen.settled()
  screen.resize(size)
  await clock.advance(100)
  await screen.settled()
  const { columns } = size
  const ours = ['a'.repeat(20).slice(0, columns), 'b'.repeat(15).slice(0, columns)]
  expect(screen.lines.slice(-2)).toEqual(ours)
  live[Symbol.dispose]()
  await screen.settled()
  expect(screen.lines.join('')).toBe('$ nac-broker run')
})

it('fits into a terminal that becomes too low', async () => {
  const { screen, clock, live } = show(['1', '2', '3', '4', '5', '6', '7'])
  await screen.settled()
  screen.resize({ columns: 20, rows: 4 })
  await clock.advance(100)
  await screen.settled()
  // What had been scrolled out by then cannot be erased.
  expect(screen.lines.slice(-5)).toEqual(['3', '4', '1', '2', '3'])
  live[Symbol.dispose]()
  await screen.settled()
  expect(screen.lines.at(-1)).toBe('4')
})
