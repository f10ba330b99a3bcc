import type { Statement } from './statement.ts'
import type { Connection } from './connection.ts'
import type { ProcessIdentity } from './owner.ts'

/** Who sees to it that the run has a broker, and whether that is over: no other broker will follow then. */
export class Supervision {
  readonly #connection: Connection
  readonly #begin: Statement
  readonly #giveUp: Statement
  readonly #end: Statement
  readonly #select: Statement

  constructor(connection: Connection) {
    this.#connection = connection
    this.#begin = connection.prepare('INSERT OR REPLACE INTO supervision VALUES (1, ?, 0)')
    this.#giveUp = connection.prepare(
      'INSERT INTO supervision VALUES (1, NULL, 1) ON CONFLICT DO UPDATE SET over = 1',
    )
    this.#end = connection.prepare('INSERT OR REPLACE INTO supervision VALUES (1, NULL, 1)')
    this.#select = connection.prepare('SELECT supervisor, over FROM supervision')
  }

  /** This process supervises the run's brokers from now on. */
  begin(): Promise<void> {
    const supervisor = JSON.stringify(this.#connection.processes.self)
    return this.#connection.write(() => void this.#begin.run(supervisor))
  }

  /** There will be no other broker; the supervisor is still there, for those who go to the devices directly. */
  giveUp(): Promise<void> {
    return this.#connection.write(() => void this.#giveUp.run())
  }

  /** As `giveUp`, and the supervisor is gone, too. */
  end(): Promise<void> {
    return this.#connection.write(() => void this.#end.run())
  }

  /** Whether no other broker will follow; false where nobody has said so. */
  isOver(): Promise<boolean> {
    return this.#connection.read(() => this.#row()?.over === 1)
  }

  /** The supervisor's process, dead or not; undefined where there is none. */
  supervisor(): Promise<ProcessIdentity | undefined> {
    return this.#connection.read(() => {
      const supervisor = this.#row()?.supervisor
      return supervisor ? (JSON.parse(supervisor) as ProcessIdentity) : undefined
    })
  }

  #row(): { supervisor: string | null; over: number } | undefined {
    return this.#select.get() as { supervisor: string | null; over: number } | undefined
  }
}
