import { byId, setText } from './markup.js'
import uPlot from './uplot.js'

const HEIGHT = 170

let charts

export function showRates(rates, now) {
  charts ??= makeCharts()
  const { times, answered, cached, failed, median, p99 } = rates.columns(now)
  charts.rate.setData([times, answered, cached, failed])
  charts.latency.setData([times, median, p99])
  const last = times.length - 1
  const ms =
    median[last] === null
      ? ''
      : `, median ${median[last].toFixed(1)} ms, p99 ${p99[last].toFixed(1)} ms`
  setText(
    byId('rate-words'),
    `last second: ${answered[last]} answered, ${cached[last]} of them without the device, ${failed[last]} failed${ms}; in all that is shown: ${sum(answered)} answered, ${sum(failed)} failed`,
  )
}

function sum(counts) {
  return counts.reduce((total, count) => total + count, 0)
}

function makeCharts() {
  const made = {
    rate: chart('rate-chart', [
      line('answered', '--broker'),
      line('without the device', '--session', [6, 3]),
      line('failed', '--failed', [2, 2]),
    ]),
    latency: chart('latency-chart', [line('median', '--broker'), line('p99', '--partial', [6, 3])]),
  }
  const resize = new ResizeObserver(() => {
    for (const one of Object.values(made)) one.setSize(sizeOf(one.root.parentElement))
  })
  for (const one of Object.values(made)) resize.observe(one.root.parentElement)
  // The colours, those of the legend too, are those of the scheme: the next second makes new ones.
  const scheme = matchMedia('(prefers-color-scheme: dark)')
  const renew = () => {
    resize.disconnect()
    for (const one of Object.values(made)) one.destroy()
    charts = undefined
  }
  scheme.addEventListener('change', renew, { once: true })
  return made
}

function chart(id, series) {
  const parent = byId(id)
  const axis = {
    stroke: () => colour('--soft'),
    grid: { stroke: () => colour('--line'), width: 1 },
  }
  const options = {
    ...sizeOf(parent),
    // UTC, as everywhere on the page.
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), 'Etc/UTC'),
    series: [{ label: 'time' }, ...series],
    axes: [
      { ...axis, space: 80, values: (_, all) => all.map(clockTime) },
      { ...axis, size: 48 },
    ],
    scales: { y: { range: (_, __, max) => [0, Math.max(1, max * 1.1)] } },
    legend: { live: false },
    cursor: { show: false },
  }
  return new uPlot(options, [[], ...series.map(() => [])], parent)
}

/** Dashes tell lines apart as well as colours. */
function line(label, name, dash) {
  return { label, stroke: () => colour(name), width: 2, dash, points: { show: false } }
}

function clockTime(seconds) {
  return new Date(seconds * 1_000).toISOString().slice(11, 19)
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name)
}

function sizeOf(parent) {
  return { width: Math.max(200, parent.clientWidth), height: HEIGHT }
}
