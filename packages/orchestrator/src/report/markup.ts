/** Text that is HTML, SVG or XML already. */
export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

/** What a template takes: an array stands for its elements, `undefined` and `false` for nothing. */
export type Part = string | number | Markup | undefined | false | readonly Part[]

/**
 * A template of HTML, SVG or XML: whatever is put into it, an attribute's value included, comes out as
 * text, unless it is `Markup`. Attributes are to stand in double quotes.
 */
export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const rest = parts.map((part, index) => textOf(part) + (strings[index + 1] ?? ''))
  return new Markup((strings[0] ?? '') + rest.join(''))
}

function textOf(part: Part): string {
  if (part === undefined || part === false) return ''
  if (part instanceof Markup) return part.text
  if (typeof part === 'string') return escaped(part)
  if (typeof part === 'number') return String(part)
  return part.map((one: Part) => textOf(one)).join('')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** No character that XML 1.0 (section 2.2) does not have, not even escaped, is left in it. */
function escaped(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '')
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}
