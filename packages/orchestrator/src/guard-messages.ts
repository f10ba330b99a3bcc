/** A process that was spawned as the leader of a group of its own, as it was when it was started. */
export interface GuardedGroup {
  readonly pid: number
  /** Absent where the system does not tell: the pid alone has to do. */
  readonly startTime?: string | undefined
}

/** What the guard is told: one line of JSON each. */
export type GuardMessage =
  | { readonly type: 'watch'; readonly group: GuardedGroup }
  | { readonly type: 'forget'; readonly pid: number }
  /** Whoever has it in the environment is watched too, whatever group it is in. */
  | { readonly type: 'mark'; readonly variable: string }
  /** Nothing is left of it either. */
  | { readonly type: 'clean-up'; readonly directory: string }
  /** Whoever is still watched may live: what follows is no death but an end. */
  | { readonly type: 'goodbye' }
