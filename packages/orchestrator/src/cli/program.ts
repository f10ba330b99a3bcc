import { asBrokerError, VERSION } from '@nac-broker/protocol'
import { Command, CommanderError } from 'commander'
import { Interruption } from '../interruption.ts'
import { configureCommand } from './configure.ts'
import { demoCommand } from './demo.ts'
import { execCommand } from './exec.ts'
import { EXIT, exitCodeOf } from './exit-codes.ts'
import { printError } from './output.ts'
import { preflightCommand } from './preflight.ts'
import { runCommand } from './run.ts'
import { serveCommand } from './serve.ts'
import { simulateCommand } from './simulate.ts'
import { statusCommand } from './status.ts'
import { strict } from './subcommand.ts'

/** Runs one command line, without the names of Node and of the script; resolves with its exit code. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok
  const exit = (code: number): void => {
    exitCode = code
  }
  const program = strict(new Command('nac-broker'))
    .description('A connection broker for network test automation')
    .version(VERSION)
    // What follows a command is the command's: `run -- mytest --version` asks mytest.
    .enablePositionalOptions()
    .addCommand(simulateCommand(exit))
    .addCommand(serveCommand(exit))
    .addCommand(execCommand(exit))
    .addCommand(configureCommand(exit))
    .addCommand(statusCommand(exit))
    .addCommand(preflightCommand(exit))
    .addCommand(runCommand(exit, args))
    .addCommand(demoCommand(exit))
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    // Help and version.
    if (error instanceof CommanderError) return error.exitCode
    const { code, message } = asBrokerError(error)
    if (error instanceof Interruption) {
      printError(message)
      return error.exitCode
    }
    const exitedWith = exitCodeOf(code)
    if (exitedWith === EXIT.usage) for (const line of linesOf(error)) printError(line)
    else printError(`${code}: ${message}`)
    return exitedWith
  }
}

/** One line for each: a config may have several. */
function linesOf(error: unknown): string[] {
  const { code, message, cause } = asBrokerError(error)
  const isOfMany = code === 'CONFIG_INVALID' && cause instanceof AggregateError
  return isOfMany ? cause.errors.map((one: Error) => one.message) : [message]
}
