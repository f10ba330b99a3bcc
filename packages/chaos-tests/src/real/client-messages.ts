import type { PlannedCall } from '../schedules/schedule.ts'
import type { SettledCall } from './schedule-client.ts'

/** What a schedule tells a client's process. Told to close, or left alone, it ends. */
export type ToClient =
  | {
      readonly type: 'connect'
      readonly seed: number
      /** Which client of the schedule it is, from 0. */
      readonly number: number
      readonly env: Readonly<Record<string, string>>
      readonly testbed: string
      readonly connectTimeoutMs: number
    }
  | { readonly type: 'call'; readonly id: number; readonly planned: PlannedCall }
  /** There is no broker any more, and will be none. */
  | { readonly type: 'given-up' }
  /** The calendar goes by so much, in all. */
  | { readonly type: 'calendar'; readonly shiftMs: number }
  | { readonly type: 'close' }

export type FromClient =
  | { readonly type: 'connected' }
  | { readonly type: 'not-connected'; readonly message: string }
  | { readonly type: 'settled'; readonly id: number; readonly call: SettledCall }
  /** It goes to the devices itself from now on. */
  | { readonly type: 'direct' }
  /** It can ask for nothing more. */
  | { readonly type: 'lost' }
