import type { Question, Row } from '../question.ts'
import { reader, wholeRun } from '../whole-run.ts'

const FEW = 50

export const manyCommands: Question = {
  name: 'many-commands',
  asks: 'Does a run of ten thousand commands need more memory, or a longer report?',
  beside: 'a run of fifty commands',
  async measure({ quick }) {
    const many = quick ? 200 : 10_000
    const rows: { peak: Row[]; report: Row[] } = { peak: [], report: [] }
    for (const commands of [FEW, many]) {
      const { peakMiB, report } = await wholeRun({
        command: reader(commands),
        workers: 1,
        failurePolicy: { name: 'fail_fast' },
        status: 'COMPLETE',
      })
      const counted = report.health.workers[0]?.commands
      if (counted !== commands) throw new Error(`${counted} of ${commands} are in the report`)
      const what = `${commands} commands`
      rows.peak.push({ what, samples: [peakMiB] })
      rows.report.push({
        what,
        samples: [JSON.stringify(report).length / 1024],
        ...(commands === many && { bar: 'a few KiB more: the histogram and the 20 slowest' }),
      })
    }
    return [
      { title: 'The most memory it ever had', unit: 'MiB', digits: 0, rows: rows.peak },
      { title: 'report.json', unit: 'KiB', digits: 1, rows: rows.report },
    ]
  },
}
