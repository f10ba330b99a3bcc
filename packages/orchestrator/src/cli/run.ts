import path from 'node:path'
import { BrokerError } from '@nac-broker/protocol'
import { type Command, Option } from 'commander'
import type { Config } from '../config/config.ts'
import { CRASH_POLICY, FAILURE_POLICY, TEXT, wholeNumber } from '../config/setting.ts'
import type { FailurePolicy } from '../failure-policy.ts'
import type { RunConfig } from '../run-options.ts'
import type { WorkerSpec } from '../worker-plan.ts'
import { brokerOf } from './broker-of.ts'
import { onInterrupt } from './interrupt.ts'
import { statusOf, statusPortFlag } from './status-of.ts'
import { type CommonFlags, ENVIRONMENT_HELP, flag, subcommand } from './subcommand.ts'
import { testbedFlag, testbedOf } from './testbed-flag.ts'

interface RunFlags extends CommonFlags {
  config?: string
  testbed?: string
  workers?: number
  maxParallel?: number
  policy?: string
  failurePolicy?: FailurePolicy['name']
  continueOnAgentFailure?: boolean
  partialOk?: boolean
  reportDir?: string
  preflight: boolean
  resume?: boolean
  statusPort?: number
  quiet?: boolean
  verbose?: boolean
}

const DEFAULT_REPORT_DIR = 'nac-broker-report'

/** `args` is the whole command line: what stands behind its `--` is the workers' command. */
export function runCommand(exit: (code: number) => void, args: readonly string[]): Command {
  const command = subcommand('run', 'The broker, the workers, the report', 'info')
    .argument('[command...]', 'behind --: what each worker runs')
    .usage('[options] [-- COMMAND ARG...]')
    .addOption(flag('--config <file>', 'default: nac-broker.yaml, if there is one', TEXT))
    .addOption(testbedFlag)
    .addOption(flag('--workers <n>', 'of the command behind --; default 1', wholeNumber(1, 10_000)))
    .addOption(
      flag(
        '--policy <policy>',
        'when the broker is lost; default: restart,abort',
        CRASH_POLICY,
        'NAC_BROKER_POLICY',
      ),
    )
    .addOption(
      flag(
        '--failure-policy <policy>',
        'when a worker fails; default: fail_fast',
        FAILURE_POLICY,
        'NAC_BROKER_FAILURE_POLICY',
      ),
    )
    .addOption(
      new Option('--continue-on-agent-failure', 'as --failure-policy best_effort').conflicts(
        'failurePolicy',
      ),
    )
    .option('--partial-ok', 'exit 0, not 3, when the failure policy is satisfied')
    .addOption(
      flag(
        '--max-parallel <n>',
        'at a time; default all',
        wholeNumber(1, 10_000),
        'NAC_BROKER_MAX_PARALLEL',
      ),
    )
    .addOption(
      flag('--report-dir <dir>', `default ${DEFAULT_REPORT_DIR}`, TEXT, 'NAC_BROKER_REPORT_DIR'),
    )
    .option(
      '--no-preflight',
      'start without having logged in to every device [$NAC_BROKER_PREFLIGHT=false]',
    )
    .option('--resume', 'go on with the run of that directory: who has passed is not started again')
    .addOption(statusPortFlag)
    .addOption(new Option('--quiet', 'print nothing').conflicts('verbose'))
    .option('--verbose', "print the workers' output as well")
    .addHelpText('after', ENVIRONMENT_HELP)
  return command.action(async (words: string[], flags: RunFlags) => {
    const dashes = args.indexOf('--')
    const behind = dashes === -1 ? [] : args.slice(dashes + 1)
    const stray = words.slice(0, words.length - behind.length)
    if (stray.length > 0) {
      throw usage(`${JSON.stringify(stray[0])}: the workers' command goes behind --`)
    }
    // Who wants no lines wants no log either, unless it was asked for.
    const asked = command.getOptionValueSource('logLevel') !== 'default'
    const logLevel = flags.quiet && !asked ? 'warn' : flags.logLevel
    exit(await execute({ ...flags, logLevel }, behind))
  })
}

async function execute(flags: RunFlags, command: readonly string[]): Promise<number> {
  const { loadConfig } = await import('../config/load.ts')
  const config = await runConfig(flags, await loadConfig(flags.config, process.env), command)
  const { run } = await import('../run.ts')
  const { createLog } = await import('./log.ts')
  const { runOutput } = await import('./run-output.ts')
  using interrupt = onInterrupt()
  using output = await runOutput(flags, interrupt.signal)
  const { signal, hurry } = interrupt
  const log = createLog(flags.logLevel, output.onLog)
  const { onEvent, onLine } = output
  const { exitCode } = await run(config, { signal, hurry, log, onEvent, onLine })
  return exitCode
}

/** A flag beats the environment and the config, these the default. */
async function runConfig(
  flags: RunFlags,
  config: Config,
  command: readonly string[],
): Promise<RunConfig> {
  const name = flags.continueOnAgentFailure ? 'best_effort' : flags.failurePolicy
  return {
    workers: workersOf(flags, config, command),
    testbed: await testbedOf(flags, config),
    broker: await brokerOf({ crashPolicy: flags.policy }, config),
    failurePolicy: { ...config.failurePolicy, ...(name !== undefined && { name }) },
    partialOk: flags.partialOk,
    maxParallel: flags.maxParallel ?? config.maxParallel,
    reportDir: path.resolve(flags.reportDir ?? config.reportDir ?? DEFAULT_REPORT_DIR),
    preflight: flags.preflight && config.preflight,
    resume: flags.resume,
    status: statusOf(flags, config),
    watch: config.watch,
  }
}

function workersOf(
  { workers: count }: RunFlags,
  { workers }: Config,
  command: readonly string[],
): readonly WorkerSpec[] {
  if (command.length > 0) {
    return [{ name: 'worker', command, instances: { kind: 'count', count: count ?? 1 } }]
  }
  if (count !== undefined)
    throw usage(`--workers ${count}: it counts the workers of a command behind --`)
  if (!workers?.length)
    throw usage('no workers: give a command behind --, or set workers in the config')
  return workers
}

function usage(what: string): BrokerError {
  return new BrokerError('CONFIG_INVALID', `run: ${what}`)
}
