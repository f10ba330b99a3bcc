/** An element with attributes and children; text is always text. */
export function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children)
}

export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children)
}

function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value))
  made.append(...children)
  return made
}

export function byId(id) {
  return document.getElementById(id)
}

/** Changes text only where it is another: a screen reader is told what is new, and nothing flickers. */
export function setText(node, text) {
  if (node.textContent !== String(text)) node.textContent = String(text)
}

/** A table row of cells that are changed in place, so that focus and selection stay. */
export function setCells(row, cells) {
  while (row.children.length < cells.length) {
    row.append(row.children.length === 0 ? element('th', { scope: 'row' }) : element('td'))
  }
  for (const [index, { text, kind = '' }] of cells.entries()) {
    const cell = row.children[index]
    setText(cell, text)
    if (cell.className !== kind) cell.className = kind
  }
}

/** `never-started` as a reader says it. */
export function inWords(state) {
  return state.replaceAll('-', ' ')
}

/** `3.2 s`, `4 min 12 s` */
export function duration(ms) {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1_000)} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
