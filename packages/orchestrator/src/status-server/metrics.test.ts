import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'
import { Metrics } from './metrics.ts'

it('documents every metric with its labels, and no other', async () => {
  const file = path.join(import.meta.dirname, '../../../../docs/metrics.md')
  const documentation = await readFile(file, 'utf8')
  const metrics = new Metrics().registry.getMetricsAsArray()
  const rows = documentation.split('\n').filter((line) => line.startsWith('| `nac_broker_'))
  for (const metric of metrics) {
    const row =
      rows.find((line) => line.includes(`\`${metric.name}\``)) ?? `no row for ${metric.name}`
    expect(row).not.toMatch(/^no row/)
    const { labelNames } = metric as unknown as { labelNames: string[] }
    for (const label of labelNames) expect(row).toContain(`\`${label}\``)
  }
  const documented = rows.flatMap((row) => row.split('|')[1]?.match(/nac_broker_\w+/g) ?? [])
  expect(documented.toSorted()).toEqual(metrics.map(({ name }) => name).toSorted())
})

it('names metrics as Prometheus does', () => {
  for (const { name, type } of new Metrics().registry.getMetricsAsArray()) {
    expect(name).toMatch(/^nac_broker_[a-z_]+$/)
    expect({ name, counts: String(type) === 'counter' }).toEqual({
      name,
      counts: name.endsWith('_total'),
    })
    expect(name).not.toMatch(/_ms$|millis/)
  }
})
