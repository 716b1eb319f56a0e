/**
 * Environment variables that configure the runtime. It reads them before any of our code runs, so the agent
 * re-executes itself if they are missing, and service files set them. build/bench/README.md has the effect
 * of each setting.
 */

export const runtimeSettings: Readonly<Record<string, string>> = {
  // Garbage is collected when there is some, not by a timer that wakes the process up.
  BUN_GC_TIMER_DISABLE: "1",
  // After the first collection, which the agent asks for, the next ones are at 4 MB and follow at 30 % growth, not 100 %.
  BUN_JSC_largeHeapSize: "4000000",
  BUN_JSC_heapGrowthMaxIncrease: "0.3",
  // A collection covers all objects only if the young ones leave little room.
  BUN_JSC_minEdenToOldGenerationRatio: "0.2",
  // The garbage collector uses no helper threads.
  BUN_JSC_numberOfGCMarkers: "1",
  // One thread compiles. A second one would start with the program and delay each tick, without any benefit.
  BUN_JSC_maxNumberOfWorklistThreads: "1",
  // Code that runs once a tick is compiled after some minutes, like all other code. By default the compiler waits
  // five times as long for functions with a part that has never run, such as error handling.
  BUN_JSC_maximumOptimizationDelay: "1",
  // Freed memory is returned to the system at once.
  MIMALLOC_PURGE_DELAY: "0",
  // The allocator does not search for free pages between used ones at each tick.
  // platform/memory/allocator_purge.ts starts that search when it is worthwhile.
  MIMALLOC_PURGE_HOLES: "0",
  // Two compiler tiers are enough: the threads and code of the third one never pay off at 2 ms of work per second.
  BUN_JSC_useFTLJIT: "0",
  // No thread prepares memory for a burst that never comes.
  BUN_JSC_useWarmUpMarkedBlocks: "0",
};

/** Settings for little memory: interpreter only, and the allocator searches for free pages. */
export const lowMemorySettings: Readonly<Record<string, string>> = {
  ...runtimeSettings,
  MIMALLOC_PURGE_HOLES: "1",
  BUN_JSC_useBaselineJIT: "0",
  BUN_JSC_useDFGJIT: "0",
};

/** The settings as `NAME=value`, for shells and units. The thread pool allows for several mounts that hang. */
export const runtimeEnvironment: readonly string[] = [
  ...Object.entries(runtimeSettings).map(([name, value]) => `${name}=${value}`),
  "UV_THREADPOOL_SIZE=8",
];
