/** Waiting for work until a signal aborts. What the work comes to afterwards is ignored. */

/** Rejects with `late` at the abort; the work itself is not stopped. */
export async function abortable<T>(
  work: Promise<T>,
  signal: AbortSignal,
  late: () => unknown,
): Promise<T> {
  const end = Promise.withResolvers<never>();
  const onAbort = () => end.reject(late());
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  work.catch(() => {});
  try {
    return await Promise.race([work, end.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
