import { type Markup, markup, type Part } from './markup.ts'

export interface Section {
  id: string
  title: string
  content: Part
}

export function section({ id, title, content }: Section): Markup {
  return markup`<section aria-labelledby="${id}">
<h2 id="${id}">${title}</h2>
${content}
</section>
`
}

/** Links to them, one beside the other. */
export function contents(sections: readonly Section[]): Markup {
  return markup`<nav aria-label="Contents"><ul>${sections.map(
    ({ id, title }) => markup`<li><a href="#${id}">${title}</a></li>`,
  )}</ul></nav>`
}
