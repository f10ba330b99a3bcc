/** Clients of one event stream, the last of which reads nothing until the end. Does what it is told. */
import { systemClock, withDeadline } from '@nac-broker/supervisor'
import { EventReader } from '../event-reader.ts'
import { readyToBeAsked } from './lifetime.ts'

export type Order =
  | { what: 'open'; url: string; clients: number }
  /** Look for an event with this text. */
  | { what: 'seek'; text: string }
  /** Answered when all who read have found it. */
  | { what: 'await' }
  /** Count from now on how often this text comes. */
  | { what: 'count'; text: string }
  /** The same of all: who has read nothing reads now. Then they are closed. */
  | { what: 'finish' }

export interface Finished {
  /** By each of those that read all the time. */
  counted: number[]
  /** So many were told, to those that read all the time, and to the one that did not. */
  missed: { reading: number; late: number }
}

/** What takes longer than that will not come. */
const PATIENCE_MS = 30_000

let readers: EventReader[] = []

await readyToBeAsked(async (message): Promise<unknown> => {
  const order = message as Order
  switch (order.what) {
    case 'open':
      readers = await openAll(order)
      return 'open'
    case 'seek':
      for (const reader of readers) reader.seek(order.text)
      return 'seeking'
    case 'await':
      await allFind(readers.slice(0, -1))
      return 'found'
    case 'count':
      for (const reader of readers) reader.count(order.text)
      return 'counting'
    case 'finish':
      return finish()
  }
})

async function openAll({ url, clients }: Order & { what: 'open' }): Promise<EventReader[]> {
  const events = new URL('events', url)
  const opened = await Promise.all(Array.from({ length: clients }, () => EventReader.open(events)))
  opened.at(-1)?.pause()
  return opened
}

async function allFind(some: readonly EventReader[]): Promise<void> {
  await withDeadline(Promise.all(some.map(({ found }) => found)), {
    ms: PATIENCE_MS,
    onTimeout: () => new Error('not all clients were told of everything'),
    clock: systemClock,
  })
}

async function finish(): Promise<Finished> {
  readers.at(-1)?.resume()
  await allFind(readers)
  for (const reader of readers) reader[Symbol.dispose]()
  const missed = readers.map((reader) => reader.missed)
  const late = missed.pop() ?? 0
  return {
    counted: readers.slice(0, -1).map(({ counted }) => counted),
    missed: { reading: missed.reduce((sum, each) => sum + each, 0), late },
  }
}
