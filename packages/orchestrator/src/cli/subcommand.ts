import { BrokerError, lookalikes } from '@nac-broker/protocol'
import { Argument, Command, type CommanderError, Option } from 'commander'
import { oneOf, refusal, type Setting, TEXT } from '../config/setting.ts'

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export interface CommonFlags {
  logLevel: LogLevel
}

/** A command with what all of them have, whose errors are ours. */
export function subcommand(name: string, description: string, logLevel: LogLevel): Command {
  const command = strict(new Command(name)).description(description)
  const log = flag('--log-level <level>', 'what goes to stderr', oneOf(...LOG_LEVELS))
  return command.addOption(log.default(logLevel))
}

/** For a command that reads the config. */
export const ENVIRONMENT_HELP = `
[$NAME] is the variable that says the same. Every other key of the config has one too, such as
NAC_BROKER_MAX_CONNECTIONS. A flag beats the environment, which beats the config.`

/** Nothing is printed or exited behind our back, and every mistake is `CONFIG_INVALID`. */
export function strict(command: Command): Command {
  return command
    .configureOutput({ writeErr: () => {}, outputError: () => {} })
    .exitOverride((error) => {
      throw error.exitCode === 0 ? error : usageError(command, error)
    })
}

/** An option with a value; `variable` says the same, and is read where the config is. */
export function flag(
  flags: string,
  description: string,
  setting: Setting<unknown>,
  variable?: string,
): Option {
  const words = setting.words.length === 0 ? '' : ` (${setting.words.join(' | ')})`
  const orElse = variable === undefined ? '' : ` [$${variable}]`
  const option = new Option(flags, `${description}${words}${orElse}`)
  return option.argParser((text: string) => parse(option.long ?? flags, setting, text))
}

/** An argument that must be there, and not be empty. */
export function argument(name: string, description: string): Argument {
  const parsed = new Argument(`<${name}>`, description)
  return parsed.argParser((text: string) => parse(name, TEXT, text))
}

function parse<Value>(name: string, setting: Setting<Value>, text: string): Value {
  const value = setting.parse(text)
  if (value !== undefined) return value
  throw new BrokerError('CONFIG_INVALID', `${name}: ${refusal(setting, text)}`)
}

function usageError(command: Command, error: CommanderError): BrokerError {
  return new BrokerError('CONFIG_INVALID', describe(command, error), { cause: error })
}

function describe(command: Command, { code, message }: CommanderError): string {
  const name = /'([^']*)'/.exec(message)?.[1] ?? ''
  switch (code) {
    case 'commander.unknownOption':
      return unknown('option', name, optionsOf(command))
    case 'commander.unknownCommand':
      return unknown('command', name, namesOf(command))
    case 'commander.help':
      return `no command (allowed: ${namesOf(command).join(', ')})`
    case 'commander.optionMissingArgument':
      return `${name} needs a value`
    case 'commander.missingMandatoryOptionValue':
      return `${name} is missing`
    case 'commander.missingArgument':
      return `${name} is missing; usage: nac-broker ${command.name()} ${command.usage()}`
    case 'commander.excessArguments':
      return excess(command)
    default:
      return message.replace(/^error: /, '')
  }
}

function unknown(what: string, given: string, known: readonly string[]): string {
  const [meant] = lookalikes(given.replace(/=.*/s, ''), known)
  const suggestion = meant === undefined ? '' : `; did you mean ${meant}?`
  return `unknown ${what} ${given}${suggestion} (allowed: ${known.join(', ')})`
}

function excess(command: Command): string {
  const known = command.registeredArguments
  const extra = command.args.slice(known.length).map((word) => JSON.stringify(word))
  const what = `${command.name()} has no use for ${extra.join(' ')}`
  return known.length === 0 ? what : `${what}; quote what belongs together`
}

function optionsOf(command: Command): string[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map(({ long, flags }) => long ?? flags)
}

function namesOf(command: Command): string[] {
  return command.commands.map((child) => child.name())
}
