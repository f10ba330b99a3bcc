// Prints which tests failed and which were skipped, and `N passed, N failed` as the last line, from vitest's
// JSON report; fails when a test failed or when none ran.
import { existsSync, readFileSync } from 'node:fs'

const none = { numPassedTests: 0, numFailedTests: 0, success: false, testResults: [] }
const file = process.argv[2]
const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : none
const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults)
for (const { status, fullName, failureMessages } of tests) {
  if (status === 'failed') console.log(`failed: ${fullName}\n${failureMessages.join('\n')}`)
  else if (status !== 'passed') console.log(`skipped: ${fullName}`)
}
console.log(`${report.numPassedTests} passed, ${report.numFailedTests} failed`)
process.exitCode = report.success && report.numPassedTests > 0 ? 0 : 1
