import { z } from 'zod'

/** MessagePack's binary, as it comes out of the decoder. */
export const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'must be binary')
