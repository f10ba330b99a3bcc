import CliTable from 'cli-table3'
import type { Table } from './question.ts'
import { summarise } from './samples.ts'

export function printTable({ title, unit, digits, rows }: Table): void {
  const table = new CliTable({
    head: [unit, 'samples', 'min', 'median', 'p99', 'should be'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'left'],
    style: { head: [], border: [], compact: true },
  })
  for (const { what, samples, bar = '' } of rows) {
    const { min, median, p99 } = summarise(samples)
    const figures = [min, median, p99].map((figure) => figure.toFixed(digits))
    table.push([what, samples.length, ...figures, bar])
  }
  console.log(`${title}\n${table.toString()}`)
}
