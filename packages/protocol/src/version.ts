/** The release that every package of this repository has; said in the welcome, for people. */
export const VERSION = '0.1.0'
