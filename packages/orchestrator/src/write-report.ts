import { existsSync } from 'node:fs'
import { BrokerError } from '@nac-broker/protocol'
import type { Logger } from 'pino'
import { fileTrouble } from './file-trouble.ts'
import type { RunReport } from './report.ts'
import type { ReportDirectory } from './report-directory.ts'

/**
 * Writes the report at the end of a run, which was what it was also where that fails: the log then says
 * why. Returns the file for programs, if there is one.
 */
export async function writeReport(
  directory: ReportDirectory,
  report: RunReport,
  log: Logger,
): Promise<string | undefined> {
  if (!existsSync(directory.path)) {
    log.warn(
      `report directory ${directory.path} was removed during the run: it is made anew, without the logs that were in it`,
    )
  }
  try {
    await directory.make()
    await directory.write(report)
    return directory.reportFile
  } catch (error) {
    const why =
      error instanceof BrokerError ? error.message : `${directory.path}: ${fileTrouble(error)}`
    log.error(`the report cannot be written: ${why}`)
    return undefined
  }
}
