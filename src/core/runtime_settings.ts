/**
 * What the runtime is told by its environment, since it reads that before any line of ours runs: the agent
 * starts itself again with it where it is missing, and service files set it. What each setting is worth is
 * in build/bench/README.md.
 *
 * - The collector of garbage runs when there is garbage, not by a timer that wakes the process up; not before there
 *   are four megabytes, which is after the start, and then when there is three tenths more than was left of them,
 *   not twice as much; of all objects only where the young ones leave little room; and without helpers.
 * - Freed memory goes back to the system at once, but nobody looks at each tick for pages that became free
 *   between used ones: platform/memory/allocator_purge.ts has that done when it is worth it.
 * - Two tiers of the just-in-time compiler are enough: the third one's threads and code never pay for
 *   themselves in a program that works for two milliseconds a second. One thread compiles: a second one starts
 *   with the program, makes it wait at each turn, and is never missed.
 * - What runs once a tick is compiled after some minutes like everything else: by itself the compiler waits five
 *   times as long for functions of which a part, such as what is for errors, has never run.
 * - No thread that makes memory ready for a burst which never comes.
 */

export const runtimeSettings: Readonly<Record<string, string>> = {
  BUN_GC_TIMER_DISABLE: "1",
  BUN_JSC_largeHeapSize: "4000000",
  BUN_JSC_heapGrowthMaxIncrease: "0.3",
  BUN_JSC_minEdenToOldGenerationRatio: "0.2",
  BUN_JSC_numberOfGCMarkers: "1",
  BUN_JSC_maxNumberOfWorklistThreads: "1",
  BUN_JSC_maximumOptimizationDelay: "1",
  MIMALLOC_PURGE_DELAY: "0",
  MIMALLOC_PURGE_HOLES: "0",
  BUN_JSC_useFTLJIT: "0",
  BUN_JSC_useWarmUpMarkedBlocks: "0",
};

/** With little memory the interpreter has to do, and freed pages are looked for. */
export const lowMemorySettings: Readonly<Record<string, string>> = {
  ...runtimeSettings,
  MIMALLOC_PURGE_HOLES: "1",
  BUN_JSC_useBaselineJIT: "0",
  BUN_JSC_useDFGJIT: "0",
};

/** As a shell, a unit and the like write them; with as many threads for files and names as there are mounts that may hang. */
export const runtimeEnvironment: readonly string[] = [
  ...Object.entries(runtimeSettings).map(([name, value]) => `${name}=${value}`),
  "UV_THREADPOOL_SIZE=8",
];
