// oxlint-disable no-control-regex -- control characters are what this file is about
const CONTROL = /[\u0000-\u001f\u007f]/
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]+/g
/** CSI and OSC sequences, character sets, and the short ones. */
const ESCAPES =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[()][0-9A-Z]|[=>0-9A-Za-z])/g

/**
 * What a terminal shows to the left of the cursor after `line`, which has no line break in it: escape
 * sequences gone, backspaces and carriage returns carried out. A carriage return at the end is half a
 * line break and means nothing.
 */
export function visibleText(line: string): string {
  if (!CONTROL.test(line)) return line
  const cells: string[] = []
  let column = 0
  for (const character of line.replaceAll(ESCAPES, '').replace(/\r+$/, '')) {
    if (character === '\b') column = Math.max(0, column - 1)
    else if (character === '\r') column = 0
    else if (!CONTROL.test(character)) cells[column++] = character
  }
  return cells.slice(0, column).join('')
}

/** What a device said, fit for one line of an error message. */
export function oneLine(text: string, maxLength: number): string {
  const line = text.replaceAll(ESCAPES, '').replaceAll(CONTROLS, ' ').trim()
  return line.length > maxLength ? `${line.slice(0, maxLength - 3)}...` : line
}
