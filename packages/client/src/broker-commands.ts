import type { OperationName, Params, Result } from '@nac-broker/protocol'
import type { Call } from './call.ts'
import type { Connection } from './connection.ts'
import type { Answer, DeviceCommands, ExecuteAnswer } from './device-commands.ts'

/** Devices through the broker that the client is linked to at this moment. */
export class BrokerCommands implements DeviceCommands {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async execute(call: Call, request: Params<'execute'>): Promise<ExecuteAnswer> {
    return this.#ask('execute', request, call)
  }

  async configure(call: Call, request: Params<'configure'>): Promise<Answer> {
    return this.#ask('configure', request, call)
  }

  async connect(call: Call, request: Params<'connect'>): Promise<void> {
    await this.#ask('connect', request, call)
  }

  async disconnect(call: Call, request: Params<'disconnect'>): Promise<void> {
    await this.#ask('disconnect', request, call)
  }

  async #ask<Name extends OperationName>(
    operation: Name,
    params: Params<Name>,
    call: Call,
  ): Promise<Result<Name> & Pick<Answer, 'via' | 'generation'>> {
    const link = this.#connection.link()
    const result = await link.request(operation, params, call)
    return { ...result, via: 'broker', generation: link.welcome.generation }
  }
}
