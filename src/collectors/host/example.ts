/** The smallest collector there is: a place to begin for one of your own. */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";

export default defineCollector({
  name: "ExampleCollector",
  doc: "A constant, to see that metrics arrive",
  path: "example",
  systems: everySystem,
  options: {},
  metrics: { "my.example.metric": gauge("Always 42") },

  collect({ emit }) {
    emit("my.example.metric", 42);
  },
});
