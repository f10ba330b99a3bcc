import { expect, it } from 'vitest'
import { markup } from './markup.ts'

it('puts in text as text, markup as markup, and nothing for what is not there', () => {
  const bad = `<script>"&'`
  expect(markup`<a b="${bad}">${[bad, markup`<b>${1}</b>`]}${undefined}${false}</a>`.text).toBe(
    '<a b="&lt;script&gt;&quot;&amp;&#39;">&lt;script&gt;&quot;&amp;&#39;<b>1</b></a>',
  )
})

it('leaves out what no XML document may contain', () => {
  const text = markup`${'a\u0000\u001b[1m\u0008b\ud800c\ufffe\ufffd\t\r\n\u{1f600}'}`.text
  expect(text).toBe('a[1mbc\ufffd\t\r\n\u{1f600}')
})
