import { readdirSync } from 'node:fs'
import path from 'node:path'
import type { Fault } from './fault.ts'

const NO_FAULT = ['fault.ts', 'all-faults.ts', 'misbehave.ts']

/** Every fault: what each file of this folder exports as `default`, by name. */
export async function allFaults(): Promise<Fault[]> {
  const files = readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .filter((file) => !NO_FAULT.includes(file))
    .toSorted()
  const modules = files.map(async (file): Promise<Fault> => {
    const { default: definition } = (await import(`./${file}`)) as { default: Fault }
    if (definition.name === path.basename(file, '.ts')) return definition
    throw new Error(`faults/${file} exports a fault of another name, "${definition.name}"`)
  })
  return Promise.all(modules)
}
