import type { Scrub } from '@nac-broker/devices'
import {
  type CommandEvent,
  commandForEvent,
  type DirectEvent,
  failureForEvent,
} from '@nac-broker/protocol'
import type { Clock } from '@nac-broker/supervisor'
import type { Call } from '../call.ts'
import type { DeviceCommands } from '../device-commands.ts'

/** What a call asks for. */
type Asked = Pick<CommandEvent, 'device' | 'what' | 'command' | 'lines'>

interface ToldOptions {
  clock: Clock
  worker: string | undefined
  scrub: Scrub
  tell: (event: DirectEvent) => void
}

/** Tells how each call for a device ended. */
export function toldCommands(commands: DeviceCommands, options: ToldOptions): DeviceCommands {
  const { clock, worker, scrub, tell } = options
  const around = async <Value>(
    call: Call,
    asked: Asked,
    act: () => Promise<Value>,
  ): Promise<Value> => {
    const startedMs = clock.now()
    const attemptsBefore = call.attempts
    const ended = (
      from: CommandEvent['from'],
      failure?: Pick<CommandEvent, 'code' | 'message'>,
    ): void =>
      tell({
        event: 'command',
        ...asked,
        ...(worker !== undefined && { worker }),
        via: 'direct',
        ms: clock.now() - startedMs,
        from,
        attempts: call.attempts,
        ...failure,
      })
    try {
      const value = await act()
      // A change that is not sent, and yet answered, was carried out before.
      const recorded = asked.what !== 'connect' && call.attempts === attemptsBefore
      ended(isCached(value) ? 'cache' : recorded ? 'record' : 'device')
      return value
    } catch (error) {
      ended(
        'device',
        failureForEvent(error, (text) => scrub(asked.device, text)),
      )
      throw error
    }
  }
  return {
    execute(call, request) {
      const { device, command } = request
      const told = commandForEvent(scrub(device, command))
      const asked = { what: 'execute', device, command: told } as const
      return around(call, asked, () => commands.execute(call, request))
    },
    configure(call, request) {
      const { device, lines } = request
      const asked = { what: 'configure', device, lines: lines.length } as const
      return around(call, asked, () => commands.configure(call, request))
    },
    connect: (call, request) =>
      around(call, { what: 'connect', device: request.device }, () =>
        commands.connect(call, request),
      ),
    disconnect: (call, request) => commands.disconnect(call, request),
  }
}

function isCached(answer: unknown): boolean {
  return (
    typeof answer === 'object' && answer !== null && 'cached' in answer && answer.cached === true
  )
}
