import { readdir, readFile } from 'node:fs/promises'

/** What a process has taken of its machine so far. */
export interface Usage {
  cpuMs: number
  /** The most memory it ever had. */
  peakMiB: number
}

/** From Linux's account of it; undefined where there is none. */
export async function usageOf(pid: number | undefined): Promise<Usage | undefined> {
  try {
    const folder = `/proc/${pid}`
    const threads = await readdir(`${folder}/task`)
    const spentNs = await Promise.all(
      threads.map(async (thread) => {
        const account = await readFile(`${folder}/task/${thread}/schedstat`, 'utf8')
        return Number(account.split(' ', 1)[0])
      }),
    )
    const status = await readFile(`${folder}/status`, 'utf8')
    return {
      cpuMs: spentNs.reduce((sum, each) => sum + each, 0) / 1e6,
      peakMiB: Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024,
    }
  } catch {
    return undefined
  }
}
