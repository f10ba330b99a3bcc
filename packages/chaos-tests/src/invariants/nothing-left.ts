import type { Invariant } from './invariant.ts'

export const nothingLeft: Invariant = {
  name: 'nothing-left',
  promise: 'after the end no process, socket, descriptor, timer or socket file is left',
  violations: ({ left }) => left,
}
