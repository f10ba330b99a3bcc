import { validateXML } from 'xmllint-wasm'

/** What is wrong with an XML document: that it cannot be read, or, given a schema, that it breaks it. */
export async function xmlErrors(contents: string, schema?: string): Promise<string[]> {
  const xml = { fileName: 'document.xml', contents }
  const asked = schema === undefined ? { normalization: 'format' as const } : { schema }
  const { errors } = await validateXML({ xml, ...asked })
  return errors.map(({ rawMessage }) => rawMessage)
}
