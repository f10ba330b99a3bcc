import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'

/**
 * A statement of a connection, compiled when it is first used: whoever opens the store needs some of its fifty, and
 * compiling them all takes longer than opening it.
 */
export class Statement {
  readonly #database: DatabaseSync
  readonly #sql: string
  #compiled: StatementSync | undefined

  constructor(database: DatabaseSync, sql: string) {
    this.#database = database
    this.#sql = sql
  }

  run(...values: SQLInputValue[]): ReturnType<StatementSync['run']> {
    return this.#compile().run(...values)
  }

  get(...values: SQLInputValue[]): ReturnType<StatementSync['get']> {
    return this.#compile().get(...values)
  }

  all(...values: SQLInputValue[]): ReturnType<StatementSync['all']> {
    return this.#compile().all(...values)
  }

  #compile(): StatementSync {
    return (this.#compiled ??= this.#database.prepare(this.#sql))
  }
}
