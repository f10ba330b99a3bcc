import { byId, duration, element, setText, svg } from './markup.js'

const HEIGHT = 44
const BAR = 22

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
  for (const { generation, startedAt, endedAt, lost } of broker.generations) {
    const left = x(Date.parse(startedAt))
    const right = x(endedAt === undefined ? now : Date.parse(endedAt))
    const size = { x: left, y: 2, width: Math.max(3, right - left), height: BAR }
    const bar = svg('rect', { ...size, class: lost === undefined ? '' : 'lost' })
    bar.append(svg('title', {}, `generation ${generation}${lost === undefined ? '' : `: ${lost}`}`))
    picture.append(bar)
    if (right - left > 14) picture.append(svg('text', { x: left + 5, y: 18 }, String(generation)))
    if (lost !== undefined)
      picture.append(svg('line', { x1: right, x2: right, y1: 0, y2: BAR + 4 }))
  }
  const ago = duration(now - fromMs)
  picture.append(svg('text', { x: 0, y: HEIGHT - 3 }, `${ago} ago`))
  picture.append(svg('text', { x: width, y: HEIGHT - 3, 'text-anchor': 'end' }, 'now'))
  byId('generations').replaceChildren(picture)
  showList(broker.generations)
}

function showFacts({ state, policy, generation, restarts, status }) {
  const facts = [
    ['state', state],
    ['generation', generation || '-'],
    ['restarts', restarts],
    ['crash policy', policy || '-'],
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
