import type { TimeAxis } from './time-axis.ts'

/** Something that lasts. Its kind is what it looks like: see the style sheet. */
export interface Mark {
  kind: string
  fromMs: number
  toMs: number
  /** What it is, in words. */
  title: string
  /** What is written on it, if there is room. */
  label?: string
}

/** A moment. */
export interface Cut {
  atMs: number
  title: string
}

/** What one of those in a picture went through. */
export interface Lane {
  name: string
  marks: readonly Mark[]
  cuts: readonly Cut[]
}

/** So many marks can be told apart in a lane: as few as need be where there are many lanes. */
const MOST = { inAll: 1_000, inLane: 25, inManyLanes: 5 }

/** Lanes that fit on a page: what looks the same and begins at nearly the same time has become one. */
export function gathered(axis: TimeAxis, lanes: readonly Lane[]): Lane[] {
  const share = Math.max(Math.floor(MOST.inAll / lanes.length), MOST.inManyLanes)
  const most = Math.min(share, MOST.inLane)
  const slot = (atMs: number): number =>
    Math.floor((most * (atMs - axis.fromMs)) / (axis.toMs - axis.fromMs))
  return lanes.map(({ name, marks, cuts }) => ({
    name,
    marks: alike(marks, most, ({ kind, fromMs }) => `${kind} ${slot(fromMs)}`).map((group) => ({
      ...together(group),
      toMs: Math.max(...group.map(({ toMs }) => toMs)),
    })),
    cuts: alike(cuts, most, ({ atMs }) => `${slot(atMs)}`).map(together),
  }))
}

type Group<One> = readonly [One, ...One[]]

function alike<One>(
  all: readonly One[],
  most: number,
  likeness: (one: One) => string,
): Group<One>[] {
  if (all.length <= most) return all.map((one) => [one])
  // A group has at least one.
  return [...Map.groupBy(all, likeness).values()] as unknown as Group<One>[]
}

function together<One extends { title: string }>([first, ...others]: Group<One>): One {
  if (others.length === 0) return first
  return { ...first, title: `${first.title}; and ${others.length} more like it` }
}
