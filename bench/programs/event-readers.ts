/** Clients of one event stream, and one that reads nothing until the end. Does what it is told. */
import { systemClock, withDeadline } from '@nac-broker/supervisor'
import { EventReader } from '../event-reader.ts'
import { readyToBeAsked } from './lifetime.ts'

export type Order =
  /** The one that does not read. */
  | { what: 'open-unread'; url: string }
  /** Those that do. */
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
let unread: EventReader | undefined

await readyToBeAsked(async (message): Promise<unknown> => {
  const order = message as Order
  switch (order.what) {
    case 'open-unread':
      unread = await EventReader.open(new URL('events', order.url))
      unread.pause()
      return 'open'
    case 'open':
      readers = await openAll(order)
      return 'open'
    case 'seek':
      for (const reader of all()) reader.seek(order.text)
      return 'seeking'
    case 'await':
      await allFind(readers)
      return 'found'
    case 'count':
      for (const reader of readers) reader.count(order.text)
      return 'counting'
    case 'finish':
      return finish()
  }
})

function openAll({ url, clients }: Order & { what: 'open' }): Promise<EventReader[]> {
  const events = new URL('events', url)
  return Promise.all(Array.from({ length: clients }, () => EventReader.open(events)))
}

function all(): EventReader[] {
  return unread ? [...readers, unread] : readers
}

async function allFind(some: readonly EventReader[]): Promise<void> {
  await withDeadline(Promise.all(some.map(({ found }) => found)), {
    ms: PATIENCE_MS,
    onTimeout: () => new Error('not all clients were told of everything'),
    clock: systemClock,
  })
}

async function finish(): Promise<Finished> {
  unread?.resume()
  await allFind(all())
  for (const reader of all()) reader[Symbol.dispose]()
  return {
    counted: readers.map(({ counted }) => counted),
    missed: {
      reading: readers.reduce((sum, { missed }) => sum + missed, 0),
      late: unread?.missed ?? 0,
    },
  }
}
