import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const run = promisify(execFile)

it('writes JSON lines to stderr, without what is named like a secret', async () => {
  const log = JSON.stringify(new URL('./log.ts', import.meta.url).href)
  const script = `
    import { createLog } from ${log}
    const log = createLog('trace')
    log.trace({ password: 'canary', device: { name: 'r1', credentials: { default: 'canary' } } }, 'one')
    log.info({ env: { TOKEN: 'canary' }, settings: { token: 'canary', port: 22 } }, 'two')`
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', script])
  expect(stdout).toBe('')
  const lines = stderr.trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { msg: 'one', password: '[redacted]', device: { name: 'r1', credentials: '[redacted]' } },
    { msg: 'two', env: '[redacted]', settings: { token: '[redacted]', port: 22 } },
  ])
  expect(stderr).not.toContain('canary')
})
