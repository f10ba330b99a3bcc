import { z } from 'zod'
import { ERROR_CODES } from './errors.ts'

/** The part of JSON Schema that events are written in. */
interface JsonSchema {
  type?: string
  const?: unknown
  enum?: readonly string[]
  anyOf?: readonly JsonSchema[]
  items?: JsonSchema
  properties?: Record<string, JsonSchema>
  required?: readonly string[]
  minimum?: number
  exclusiveMinimum?: number
}

/** The rows of a table that says what fields each kind of event has; a kind that is there twice is one. */
export function rowsOf(schemas: readonly z.ZodObject[]): string[] {
  const rows = schemas.map(({ shape: { event, ...fields } }) => {
    const [kind] = (event as z.ZodLiteral<string>).values
    const text = fieldsOf(z.toJSONSchema(z.object(fields)) as JsonSchema)
    return `| \`${kind}\` | ${text === '' ? 'none' : text} |`
  })
  return [...new Set(rows)]
}

function fieldsOf({ properties = {}, required = [] }: JsonSchema): string {
  return Object.entries(properties)
    .map(([name, schema]) => {
      const optional = required.includes(name) ? '' : ', optional'
      return `\`${name}\` ${typeOf(schema)}${optional}`
    })
    .join('; ')
}

function typeOf(schema: JsonSchema): string {
  if (schema.enum?.length === ERROR_CODES.length) return 'an [error code](protocol.md#errors)'
  if (schema.enum) return `one of ${schema.enum.map((word) => `\`${word}\``).join(', ')}`
  if (schema.type === 'array') return `array of ${typeOf(schema.items ?? {})}`
  if (schema.type === 'object') return `(${fieldsOf(schema)})`
  const { minimum, exclusiveMinimum } = schema
  // What is no safe integer of JavaScript is no count of anything.
  if (minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER)
    return `${schema.type} >= ${minimum}`
  return exclusiveMinimum === undefined ? `${schema.type}` : `${schema.type} > ${exclusiveMinimum}`
}
