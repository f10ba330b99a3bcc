import { parentPort } from 'node:worker_threads'
// oxlint-disable-next-line import/no-unassigned-import -- it is a thread's first file
import '../../broker/src/hosts/thread-main.ts'

/** What a broker's thread can be made to die of. */
export type ThreadFault = 'endless loop' | 'uncaught error' | 'full heap' | 'early exit'

parentPort?.on('message', ({ fault }: { fault?: ThreadFault }) => {
  switch (fault) {
    case 'endless loop':
      for (;;);
    case 'uncaught error':
      throw new Error('nobody catches this')
    case 'full heap': {
      const hoard: number[][] = []
      for (;;) hoard.push(Array.from({ length: 1_000_000 }, (_, index) => index * 1.5))
    }
    case 'early exit':
      process.exit(3)
    case undefined:
  }
})
