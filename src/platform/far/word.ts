/** In a file of its own: the entry needs it before anything else is loaded. */

/** The only argument of a process that works on files which can hang. */
export const FAR_WORD = "__far";
