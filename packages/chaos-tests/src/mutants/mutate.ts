/**
 * To be imported before anything else (`node --import`, in NODE_OPTIONS for threads and child processes
 * too): every module is loaded with the mistake of the mutant that NAC_BROKER_MUTANT names.
 */
import { registerHooks, stripTypeScriptTypes } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { mutated } from './mutant.ts'
import { MUTANTS } from './mutants.ts'

const name = process.env['NAC_BROKER_MUTANT']
const mutant = MUTANTS.find((one) => one.name === name)
if (name !== undefined && !mutant) throw new Error(`NAC_BROKER_MUTANT: there is no "${name}"`)

const PACKAGES = path.join(import.meta.dirname, '../../..')
const edits = new Map(
  mutant?.edits.map((edit) => [pathToFileURL(path.join(PACKAGES, edit.file)).href, edit]),
)

registerHooks({
  load(url, context, nextLoad) {
    const edit = edits.get(url)
    const loaded = nextLoad(url, context)
    if (!edit) return loaded
    const source = mutated(Buffer.from(loaded.source as Uint8Array).toString(), edit)
    return { ...loaded, format: 'module', source: stripTypeScriptTypes(source) }
  },
})
