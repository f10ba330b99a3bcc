import { CHUNK_BYTES } from '@nac-broker/protocol'
import { BULK_BYTES, bulkReader } from '../bulk.ts'
import { copyClient } from '../copy-client.ts'
import { startLab } from '../lab.ts'
import type { Question } from '../question.ts'
import { compareRates, type Rated } from '../rates.ts'
import { unreadBulk } from '../unread.ts'

const SLOW_CLIENTS = 8
const MEGABYTES = BULK_BYTES / 1e6

export const bulkOutput: Question = {
  name: 'bulk-output',
  asks: 'How fast does an output of 20 MB come, and what does the broker hold of it meanwhile?',
  beside: 'as many bytes copied through a socket in pieces of 1 MiB',
  async measure({ quick }) {
    await using lab = await startLab({ logged: true })
    const broker = await lab.broker('broker.sock')
    const copier = await lab.server('copy.ts', lab.at('copy.sock'), String(BULK_BYTES))
    using copy = await copyClient(lab.at('copy.sock'), BULK_BYTES)
    const client = await lab.client('broker.sock')
    const read = await bulkReader(lab, client)
    const server = { client: [process.pid], server: [broker.pid] }
    const limit: Rated = {
      what: 'bare socket copy',
      units: MEGABYTES,
      round: () => copy.round(),
      takers: { client: [process.pid], server: [copier.pid] },
    }
    const rated = (what: string, cache: boolean): Rated => ({
      what,
      units: MEGABYTES,
      round: () => read({ cache }),
      takers: server,
    })
    const title = 'An output of 20 MB'
    const unit = 'megabytes'
    const cached = await compareRates(limit, rated('from the cache', true), {
      title,
      unit,
      rounds: quick ? 1 : 50,
      warmUpRounds: quick ? 1 : 3,
      bar: 'at least 0.5',
    })
    const fresh = await compareRates(limit, rated('from the device, over SSH', false), {
      title,
      unit,
      rounds: quick ? 1 : 10,
      warmUpRounds: quick ? 0 : 2,
    })

    const before = await broker.ask('memory')
    const unread = await Promise.all(
      Array.from({ length: SLOW_CLIENTS }, () => unreadBulk(lab.at('broker.sock'))),
    )
    const held = (await broker.ask('memory')) - before
    for (const socket of unread) socket.destroy()
    return [
      ...cached,
      ...fresh,
      {
        title: `What the broker holds for each of ${SLOW_CLIENTS} clients that do not read the answer`,
        unit: 'chunks of 1 MiB',
        digits: 2,
        rows: [
          {
            what: 'beside the output itself',
            samples: [held / SLOW_CLIENTS / CHUNK_BYTES],
            bar: 'under 3',
          },
        ],
      },
    ]
  },
}
