import { type Cut, gathered, type Lane, type Mark } from './lane.ts'
import { type Markup, markup } from './markup.ts'
import { place, ticks, type TimeAxis } from './time-axis.ts'

export interface Picture {
  title: string
  lanes: readonly Lane[]
  /** Moments that concern every lane. */
  cuts: readonly Cut[]
}

const LANE_PX = 20
const LANES_IN_SIGHT = 25
/** A percentage, below which nothing would be seen. */
const THINNEST = 0.2
const ROOM_FOR_LABEL = 4

/** Lanes above each other, their names on the left, time from left to right; all on the same axis. */
export function pictures(axis: TimeAxis, all: readonly Picture[]): Markup {
  const longest = Math.max(...all.flatMap(({ lanes }) => lanes.map(({ name }) => name.length)))
  return markup`<div style="--names: ${longest}ch">
${all.map((one) => picture(axis, one))}
</div>`
}

function picture(axis: TimeAxis, { title, lanes, cuts }: Picture): Markup {
  const height = lanes.length * LANE_PX
  const marks = ticks(axis)
  return markup`<div class="picture scroll${lanes.length > LANES_IN_SIGHT && ' tall'}" role="region" aria-label="${title}" tabindex="0">
<h3>${title}</h3>
<svg class="axis" width="100%" height="${LANE_PX}" aria-hidden="true">${marks.map(({ at, label }) => tickLabel(at, label))}</svg>
<ol class="names">${lanes.map(({ name }) => markup`<li title="${name}">${name}</li>`)}</ol>
<svg role="img" aria-label="${title}: see the tables for what it shows" width="100%" height="${height}">
${marks.map(({ at }) => markup`<line class="tick" x1="${at}%" x2="${at}%" y2="100%"/>`)}
${gathered(axis, lanes).map((one, index) => lane(axis, one, index * LANE_PX))}
${cuts.map((one) => line('lost', axis, one, 0, height))}</svg>
</div>`
}

function tickLabel(at: number, label: string): Markup {
  const anchor = at === 0 ? 'start' : at > 92 ? 'end' : 'middle'
  return markup`<text x="${at}%" y="14" text-anchor="${anchor}">${label}</text>`
}

function lane(axis: TimeAxis, { marks, cuts }: Lane, top: number): Markup {
  return markup`<g transform="translate(0 ${top})">${marks.map((one) => mark(axis, one))}${cuts.map((one) => line('cut', axis, one, 2, 18))}</g>\n`
}

function mark(axis: TimeAxis, { kind, fromMs, toMs, title, label }: Mark): Markup {
  const x = Math.min(place(axis, fromMs), 100 - THINNEST)
  const width = Math.max(Number((place(axis, toMs) - x).toFixed(2)), THINNEST)
  const shown = label !== undefined && width > ROOM_FOR_LABEL
  return markup`<rect class="${kind}" x="${x}%" width="${width}%"><title>${title}</title></rect>${
    shown && markup`<text x="${x}%" dx="4" y="14">${label}</text>`
  }`
}

function line(
  kind: 'cut' | 'lost',
  axis: TimeAxis,
  { atMs, title }: Cut,
  from: number,
  to: number,
): Markup {
  const x = place(axis, atMs)
  return markup`<line class="${kind}" x1="${x}%" x2="${x}%" y1="${from}" y2="${to}"><title>${title}</title></line>`
}
