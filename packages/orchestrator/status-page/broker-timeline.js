import { byId, duration, element, setText, svg } from './markup.js'

const HEIGHT = 50
const BAR = 22
/** Between the names of two times, in pixels. */
const ROOM = 80
const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 4, 6, 12, 24, 48, 96, 168].map((hours) => hours * HOUR),
]

/** The broker's generations from left to right: bars while one listened, gaps between them. */
export function showBroker({ run, broker }, now) {
  showFacts(broker)
  const fromMs = Math.min(
    Date.parse(run.startedAt),
    ...broker.generations.map(({ startedAt }) => Date.parse(startedAt)),
  )
  const width = byId('generations').clientWidth || 600
  const x = (ms) => ((ms - fromMs) / Math.max(1, now - fromMs)) * width
  const picture = svg('svg', { height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}` })
  for (const at of ticks(now - fromMs, width)) {
    const left = x(fromMs + at)
    picture.append(svg('line', { class: 'tick', x1: left, x2: left, y1: 0, y2: BAR + 10 }))
    const anchor = at === 0 ? 'start' : 'middle'
    const label = at === 0 ? 'start' : roundTime(at)
    picture.append(svg('text', { x: left, y: HEIGHT - 3, 'text-anchor': anchor }, label))
  }
  picture.append(svg('text', { x: width, y: HEIGHT - 3, 'text-anchor': 'end' }, 'now'))
  for (const { generation, startedAt, endedAt, lost } of broker.generations) {
    const left = x(Date.parse(startedAt))
    const right = x(endedAt === undefined ? now : Date.parse(endedAt))
    const size = { x: left, y: 2, width: Math.max(3, right - left), height: BAR }
    const bar = svg('rect', { ...size, class: lost === undefined ? '' : 'lost' })
    bar.append(svg('title', {}, `generation ${generation}${lost === undefined ? '' : `: ${lost}`}`))
    picture.append(bar)
    if (right - left > 14) picture.append(svg('text', { x: left + 5, y: 18 }, String(generation)))
    if (lost !== undefined)
      picture.append(svg('line', { class: 'loss', x1: right, x2: right, y1: 0, y2: BAR + 4 }))
  }
  byId('generations').replaceChildren(picture)
  showList(broker.generations)
}

/** Round times from the start on, as many as there is room for before `now`. */
function ticks(rangeMs, width) {
  const step = STEPS.find((ms) => (rangeMs / ms) * ROOM <= width) ?? rangeMs
  const before = rangeMs * (1 - ROOM / 2 / width)
  return Array.from({ length: Math.ceil(before / step) }, (_, index) => index * step)
}

/** `10 s`, `5 min`, `2 h` */
function roundTime(ms) {
  if (ms < MINUTE || ms % MINUTE > 0) return duration(ms).replace('.0', '')
  return ms < HOUR ? `${ms / MINUTE} min` : duration(ms).replace(' 0 min', '')
}

function showFacts({ state, policy, generation, restarts, status }) {
  const facts = [
    ['state', state],
    ['generation', generation || '-'],
    ['restarts', restarts],
    // Commas alone are for programs.
    ['crash policy', policy.replaceAll(',', ', then ') || '-'],
    ['up', status ? duration(status.uptimeMs) : '-'],
    ['pid', status?.pid ?? '-'],
    ['socket', status?.socketPath ?? '-'],
  ]
  const list = byId('broker-facts')
  if (list.children.length === 0) {
    for (const [name] of facts)
      list.append(element('div', {}, element('dt', {}, name), element('dd')))
  }
  for (const [index, [, value]] of facts.entries())
    setText(list.children[index].lastElementChild, value)
}

/** The same in words, the newest first. */
function showList(generations) {
  const list = byId('generation-list')
  const texts = generations.toReversed().map(({ generation, startedAt, endedAt, lost }) => {
    const to = endedAt === undefined ? '' : ` to ${endedAt.slice(11, 19)}`
    const how = lost === undefined ? '' : `, lost: ${lost}`
    return { text: `generation ${generation}: from ${startedAt.slice(11, 19)}${to}${how}`, lost }
  })
  const key = texts.map(({ text }) => text).join('\n')
  if (list.dataset.key === key) return
  list.dataset.key = key
  list.replaceChildren(
    ...texts.map(({ text, lost }) =>
      element('li', { class: lost === undefined ? '' : 'lost' }, text),
    ),
  )
}
