import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { FromHosted } from './host.ts'
import { hostInProcess } from './process.ts'

it("a broker's process has ended when all is heard that it has said", async () => {
  const mainFile = new URL('./dying-process.fixture.ts', import.meta.url)
  const heard: FromHosted['type'][] = []
  const hosted = hostInProcess(mainFile, ({ type }) => heard.push(type))
  // When we look up, both its end and its last words are there.
  while (!readFileSync(`/proc/${hosted.child.pid}/stat`, 'latin1').includes(') Z ')) continue
  expect(await hosted.exited).toMatchObject({ clean: false })
  // Nothing can come any more; whether it has come before the news of the end is chance.
  expect(hosted.child.connected).toBe(false)
  expect(heard).toEqual(['child', 'child', 'child'])
})
