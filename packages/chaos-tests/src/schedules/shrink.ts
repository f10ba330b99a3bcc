/**
 * The fewest of `items` with which it still fails: leaves out halves, quarters and so on, as Zeller and
 * Hildebrandt's ddmin does ("Simplifying and isolating failure-inducing input", IEEE TSE 2002).
 * `fails` is never asked about all of them. None are left where it fails without any.
 */
export async function shrink<Item>(
  items: readonly Item[],
  fails: (some: readonly Item[]) => Promise<boolean>,
): Promise<readonly Item[]> {
  if (items.length === 0 || (await fails([]))) return []
  return shrinkFurther(items, fails)
}

async function shrinkFurther<Item>(
  items: readonly Item[],
  fails: (some: readonly Item[]) => Promise<boolean>,
): Promise<readonly Item[]> {
  if (items.length <= 1) return items
  for (let parts = 2; parts <= items.length; parts = Math.min(parts * 2, items.length)) {
    const size = Math.ceil(items.length / parts)
    for (let at = 0; at < items.length; at += size) {
      const rest = [...items.slice(0, at), ...items.slice(at + size)]
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      if (rest.length > 0 && (await fails(rest))) return shrinkFurther(rest, fails)
    }
    if (parts === items.length) break
  }
  return items
}
