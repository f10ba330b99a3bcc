// Prints `N passed, N failed` from vitest's JSON report; fails when a test did or when none ran.
import { existsSync, readFileSync } from 'node:fs'

const none = { numPassedTests: 0, numFailedTests: 0, success: false }
const file = process.argv[2]
const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : none
console.log(`${report.numPassedTests} passed, ${report.numFailedTests} failed`)
process.exitCode = report.success && report.numPassedTests > 0 ? 0 : 1
