/** In a file of its own: the entry needs it before anything else is loaded. */

/** The only argument of a process that runs plugins. */
export const PLUGIN_WORD = "__plugins";
