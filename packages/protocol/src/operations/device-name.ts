import { z } from 'zod'

/** A device's name in the testbed; the only way in which a client can say which device it means. */
export const deviceName = z.string().min(1).max(255)
