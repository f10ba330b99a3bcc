import { expect, it, test } from 'vitest'
import type { RunReport } from '../report.ts'
import { page } from './page.ts'
import { at, sampleReport, sampleWorker } from './report.fixture.ts'
import { xmlErrors } from './xml-lint.fixture.ts'

/** A page whose every element is closed, and that needs nothing but itself. */
async function readable(report: RunReport): Promise<string> {
  const html = page(report)
  expect(await xmlErrors(html)).toEqual([])
  expect(html).not.toMatch(/<(script|link|img|iframe)\b|\bsrc=|@import|url\(|https?:/i)
  return html
}

function textOf(html: string): string {
  return html.replaceAll(/<style>.*<\/style>|<[^>]*>/gs, ' ').replaceAll(/\s+/g, ' ')
}

const reason = '1 of 2 workers passed; best_effort needs 1'

test.each([
  [sampleReport(), 'COMPLETE Every worker passed. 1 of 1 worker passed 12 commands'],
  [
    sampleReport({ status: 'PARTIAL', exitCode: 3, reason }),
    `PARTIAL The failure policy is satisfied, but not every worker passed. ${reason} `,
  ],
  [
    sampleReport({ status: 'FAILED', exitCode: 1, reason }),
    `FAILED The failure policy is not satisfied. ${reason} `,
  ],
  [
    sampleReport({ status: 'ABORTED', exitCode: 4, reason: 'the broker was lost' }),
    'ABORTED The run was stopped before it was done. the broker was lost ',
  ],
])('says first what became of the run: $status', async (report, words) => {
  const html = await readable(report)
  expect(html).toContain(`<title>${report.status}: `)
  expect(textOf(html)).toContain(`nac-broker run ${words}`)
})

it('takes whatever workers and devices say for text', async () => {
  const bad = '<script>alert("1")</script>'
  const report = sampleReport({
    status: 'FAILED',
    reason: bad,
    testbed: bad,
    workers: [
      sampleWorker(bad, {
        status: 'failed',
        reason: bad,
        log: `workers/${encodeURIComponent(bad)}.log`,
        attempts: [1, 2].map((attempt) => ({
          attempt,
          status: 'failed',
          startedAt: at(attempt),
          durationMs: 10,
          reason: bad,
        })),
      }),
    ],
    devices: [{ name: bad, platform: bad, lastError: { code: bad, message: bad } }],
  })
  const [generation] = report.broker.generations
  if (generation) generation.lost = bad
  const where = { at: at(1), worker: bad, device: bad, command: bad }
  report.health.errors.push({ ...where, code: bad, message: bad })
  report.health.slowest.push({ at: at(1), worker: bad, device: bad, command: bad, ms: 7 })
  const error = { code: 'DEVICE_UNREACHABLE' as const, message: bad, hint: bad }
  report.preflight = {
    devices: [{ device: bad, ok: false, steps: [{ step: 'tcp', ms: 5, ok: false, error }] }],
    unreachable: [bad],
    skipped: [{ device: bad, reason: bad }],
  }
  for (const one of [...report.health.workers, ...report.health.devices]) one.name = bad
  const html = await readable(report)
  expect(html.match(/&lt;script&gt;/g)?.length).toBeGreaterThan(15)
  expect(html).toContain(`href="workers/${encodeURIComponent(encodeURIComponent(bad))}.log"`)
})

it('says of a run that was interrupted before it had a broker that it had none', async () => {
  const report = sampleReport({})
  report.broker.generations = []
  const html = await readable(report)
  expect(html).toContain('The run ended before there was one.')
  expect(html).not.toContain('from the beginning to the end')
})

it('shows what everything went through, on the same axis', async () => {
  const report = sampleReport({
    workers: [
      sampleWorker('bgp-1', {
        attempts: [
          {
            attempt: 1,
            status: 'failed',
            startedAt: at(1),
            durationMs: 2_000,
            reason: 'exit code 3',
          },
          { attempt: 2, status: 'passed', startedAt: at(6), durationMs: 2_500 },
        ],
      }),
    ],
  })
  report.broker.generations = [
    { generation: 1, startedAt: at(0), endedAt: at(5), lost: 'it crashed' },
    { generation: 2, startedAt: at(5.5), endedAt: at(10) },
  ]
  const [device] = report.health.devices
  if (device) {
    device.sessions = [
      { openedAt: at(1), closedAt: at(4), by: 'device' },
      { openedAt: at(4.25), closedAt: at(5), by: 'broker-lost' },
      { openedAt: at(6) },
    ]
  }
  const html = await readable(report)
  const marks = [...html.matchAll(/<(rect|line) class="(\w+)" x1?="([\d.]+)%"[^>]*><title>(.*?)</g)]
  expect(marks.map(([, , kind, x, title]) => `${kind} at ${x} %: ${title}`)).toEqual([
    'generation at 0 %: generation 1: 5 s, then lost: it crashed',
    'generation at 55 %: generation 2: 4.5 s',
    'lost at 50 %: broker generation 1 was lost: it crashed',
    'failed at 10 %: bgp-1, attempt 1: failed after 2 s: exit code 3',
    'passed at 60 %: bgp-1, attempt 2: passed after 2.5 s',
    'lost at 50 %: broker generation 1 was lost: it crashed',
    'session at 10 %: r1: session of 3 s, ended by the device',
    'session at 42.5 %: r1: session of 750 ms, opened 250 ms after the last one, gone with its broker',
    'session at 60 %: r1: session of 4 s, open to the end',
    'cut at 40 %: r1 ended the session',
    'lost at 50 %: broker generation 1 was lost: it crashed',
  ])
})

it('says which devices could not be used when the run began, and what to look at', async () => {
  const error = { code: 'DEVICE_UNREACHABLE' as const, message: 'r1: no answer', hint: 'Is it up?' }
  const preflight = {
    devices: [
      { device: 'r2', ok: true, steps: [{ step: 'tcp', ms: 5, ok: true }] },
      { device: 'r1', ok: false, steps: [{ step: 'tcp', ms: 5, ok: false, error }] },
    ],
    unreachable: ['r1'],
    skipped: [{ device: 'r3', reason: 'its os is not known' }],
  }
  const text = textOf(await readable(sampleReport({ preflight })))
  expect(text).toContain('1 of 2 devices could be logged in to')
  expect(text).toContain(
    'r1 failed at tcp DEVICE_UNREACHABLE r1: no answer Is it up? 5 ms r2 usable',
  )
  expect(text).toContain('r3 its os is not known')
})

it('says in words and numbers what the broker saved', async () => {
  const text = textOf(await readable(sampleReport()))
  expect(text).toContain('2 of 12 commands (17 %) asked nothing of a device')
  expect(text).toContain('9 of 10 uses of a device (90 %) found a session open')
  expect(text).toContain('1 login, where one for each use would have been 10')
})

it('lists the errors with what was asked and their cause, and says how many more there were', async () => {
  const report = sampleReport()
  const { health } = report
  const message = 'r1: the device refused the command: % Invalid input'
  const asked = { at: at(2), worker: 'bgp-1', device: 'r1', command: 'show bpg' }
  health.errors = [{ ...asked, code: 'COMMAND_REJECTED', message }]
  health.errorCount = 1
  const row = `COMMAND_REJECTED ${message} r1 show bpg bgp-1`
  const text = textOf(await readable(report))
  expect(text).toContain(row)
  expect(text).toContain(' 1 error ')
  expect(text).not.toContain('These are the first')
  health.errorCount = 1_234
  const cut = textOf(await readable(report))
  expect(cut).toContain('These are the first 1 of 1,234.')
  expect(cut).toContain(' 1,234 errors ')
})

it('shows a run that was resumed from there on', async () => {
  const report = sampleReport({ resumed: 1, startedAt: at(-86_400) })
  const html = await readable(report)
  expect(html).toContain('<rect class="generation" x="0%" width="100%">')
  expect(textOf(html)).toContain('Took 10 s since resumed')
})

it('stays below a megabyte, whatever happens to 200 workers and 50 devices', () => {
  const many = <T>(length: number, one: (index: number) => T): T[] =>
    Array.from({ length }, (_, index) => one(index))
  const [worker] = sampleReport().health.workers
  const [device] = sampleReport().health.devices
  const report = sampleReport({
    status: 'PARTIAL',
    workers: many(200, (index) =>
      sampleWorker(`interfaces-border-router-${index}`, {
        attempts: many(12, (attempt) => ({
          attempt: attempt + 1,
          status: attempt % 3 === 0 ? 'cancelled' : 'failed',
          startedAt: at(attempt / 3),
          durationMs: 300,
          reason: 'no output for 30 s; '.repeat(20),
        })),
      }),
    ),
  })
  report.health = {
    ...report.health,
    workers: many(200, (index) => ({
      ...worker,
      name: `interfaces-border-router-${index}`,
    })) as never,
    devices: many(50, (index) => ({
      ...device,
      name: `border-router-${index}`,
      sessions: many(1_000, (session) => ({
        openedAt: at(session / 100),
        closedAt: at(session / 100 + 0.005),
        by: 'device',
      })),
    })) as never,
    errorCount: 200,
    errors: many(200, (index) => ({ at: at(index), code: 'INTERNAL', message: 'no '.repeat(150) })),
  }
  const html = page(report)
  expect(html.length).toBeLessThan(1_000_000)
  expect(html).toContain('interfaces-border-router-199')
  expect(html).toContain('more like it')
})
