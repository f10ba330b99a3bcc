#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import path from 'node:path'

// Compiling is most of what a short command does. Not in a directory that others can write to.
const { HOME: home, XDG_CACHE_HOME: xdg, NODE_COMPILE_CACHE: told } = process.env
const caches = xdg || (home && path.join(home, '.cache'))
if (caches) enableCompileCache(told ?? path.join(caches, 'nac-broker'))
const { finalExitCode } = await import('./output.ts')
const { runCommandLine } = await import('./program.ts')

const exitCode = await finalExitCode(await runCommandLine(process.argv.slice(2)))
// Not left to the event loop: a login that is still under way must not keep a drained broker alive.
process.exit(exitCode)
