import { z } from 'zod'

/** A caller's name for one logical change. */
export const changeKey = z.string().min(1).max(255)
