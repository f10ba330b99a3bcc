#!/usr/bin/env node
import { finalExitCode } from './output.ts'
import { runCommandLine } from './program.ts'

const exitCode = await finalExitCode(await runCommandLine(process.argv.slice(2)))
// Not left to the event loop: a login that is still under way must not keep a drained broker alive.
process.exit(exitCode)
