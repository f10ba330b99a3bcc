import type { BrokerError, ErrorCode } from '@nac-broker/protocol'

/** What a login to a device came to, by whichever way it was made. */
export interface LoginAttempt {
  /** Of one that failed, the last is where it failed; empty where it failed before the first. */
  steps: readonly { step: string; ms: number }[]
  error?: BrokerError
}

export interface StepReport {
  /** `resolve`, `tcp`, `banner`, `host-key`, `login`, `prompt`; of a `command:` device `spawn`, `prompt`. */
  step: string
  ms: number
  ok: boolean
  /** The hint says what to look at. */
  error?: { code: ErrorCode; message: string; hint: string }
}

export interface DevicePreflight {
  device: string
  ok: boolean
  /** Up to the one that failed. */
  steps: StepReport[]
}

export interface PreflightReport {
  /** In the testbed's order. */
  devices: DevicePreflight[]
  /** Names of those that are not ok. */
  unreachable: string[]
  /** Devices that we cannot drive (their `os` or protocol): they were not looked at. */
  skipped: { device: string; reason: string }[]
}

/** Why a device cannot be used; undefined where it can. */
export function troubleOf({ steps }: DevicePreflight): StepReport['error'] {
  return steps.find(({ ok }) => !ok)?.error
}

const MAX_NAMED = 5

/** Which devices cannot be used, in one line. */
export function unreachableText({ devices, unreachable }: PreflightReport): string {
  const named = devices.flatMap((device) => {
    const trouble = troubleOf(device)
    return trouble ? [`${device.device} (${trouble.code})`] : []
  })
  const more = named.length > MAX_NAMED ? ` and ${named.length - MAX_NAMED} more` : ''
  const names = named.slice(0, MAX_NAMED).join(', ')
  return `preflight: ${unreachable.length} of ${devices.length} devices cannot be used: ${names}${more}`
}
