/** What clients lose, and keep, when they go to the devices themselves: they say it, and who runs them. */
export const WITHOUT_BROKER = {
  lost: 'sessions are no longer pooled, and equal commands no longer executed together',
  /** Where there is a store. */
  kept: 'what the run has read already is still answered from its store, and its session limits still hold',
} as const
