/** Source: varnishstat(1), varnish-counters(7); vinylstat since Vinyl Cache 9 */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { wordsOf } from "../../core/words.ts";
import { commandOptions, run } from "../../protocols/command.ts";

/** Of versions before 4, whose names have no group. */
const OLD = new Set(named(`
  client_{conn,drop,req,drop_late} cache_{hit,hitpass,miss}
  backend_{conn,unhealthy,busy,fail,reuse,toolate,recycle,retry,req}
  fetch_{head,length,chunked,eof,bad,close,oldhttp,zero,failed,1xx,204,304}
  n_{sess_mem,sess,object,vampireobject,objectcore,objecthead,waitinglist,vbc,wrk,wrk_create,wrk_failed}
  n_{wrk_max,wrk_lqueue,wrk_queued,wrk_drop,backend,expired,lru_nuked,lru_moved,objsendfile,objwrite}
  n_{objoverflow,vcl,vcl_avail,vcl_discard,ban,ban_add,ban_retire,ban_obj_test,ban_re_test,ban_dups}
  n_{gzip,gunzip} losthdr s_{sess,req,pipe,pass,fetch,hdrbytes,bodybytes}
  sess_{closed,pipeline,readahead,linger,herd} shm_{records,writes,flushes,cont,cycles}
  sms_{nreq,nobj,nbytes,balloc,bfree} hcb_{nolock,lock,insert} esi_{errors,warnings} accept_fail uptime
  dir_dns_{lookups,failed,hit,cache_full}
`));
const MAIN = named(`
  uptime sess_{conn,drop,fail,pipe_overflow,queued,dropped,closed,pipeline,closed_err,readahead,herd}
  client_{req_400,req_411,req_413,req_417,req} cache_{hit,hitpass,miss}
  backend_{conn,unhealthy,busy,fail,reuse,toolate,recycle,retry,req}
  fetch_{head,length,chunked,eof,bad,close,oldhttp,zero,1xx,204,304,failed,no_thread} pools threads
  threads_{limited,created,destroyed,failed} thread_queue_len busy_{sleep,wakeup}
  n_{object,vampireobject,objectcore,objecthead,waitinglist,backend,expired,lru_nuked,lru_moved,vcl}
  n_{vcl_avail,vcl_discard,purges,obj_purged,gzip,gunzip} losthdr
  s_{sess,req,pipe,pass,fetch,synth,req_hdrbytes,req_bodybytes,resp_hdrbytes,resp_bodybytes}
  s_{pipe_hdrbytes,pipe_in,pipe_out} shm_{records,writes,flushes,cont,cycles}
  sms_{nreq,nobj,nbytes,balloc,bfree} bans
  bans_{completed,obj,req,added,deleted,tested,obj_killed,lurker_tested,tests_tested}
  bans_{lurker_tests_tested,lurker_obj_killed,dups,lurker_contention,persisted_bytes}
  bans_{persisted_fragmentation} exp_{mailed,received} hcb_{nolock,lock,insert} esi_{errors,warnings}
  vmods vsm_{free,used,cooling,overflow,overflowed}
`);
const MANAGEMENT = named("uptime child_{start,exit,stop,died,dump,panic}");
const LOCKS = wordsOf(`
  sms smp sma smf hsl hcb hcl vcl sessmem sess wstat herder wq objhdr exp lru cli ban vbp backend
  vcapace nbusyobj busyobj mempool vxid pipestat
`);
const NEW = new Set([
  ...MAIN.map((name) => `MAIN.${name}`),
  ...MANAGEMENT.map((name) => `MGT.${name}`),
  ...LOCKS.flatMap((lock) => ["creat", "destroy", "locks"].map((name) => `LCK.${lock}.${name}`)),
]);

export default defineCollector({
  name: "VarnishCollector",
  doc: "Counters of Varnish Cache and Vinyl Cache",
  path: "varnish",
  sources: ["varnishstat -1"],
  systems: everySystem,
  gone: { "Varnish 6": "sess_drop, client_req_411, backend_toolate, sms_*, vsm_*" },
  options: commandOptions("/usr/bin/varnishstat"),
  metrics: {
    "{counter}": gauge("A counter by its name", 0, { byte: "*bytes *.g_space", s: "*.uptime" }),
  },

  async collect({ host, options, emit, signal }) {
    const output = await run(host, options, ["-1"], signal);
    const rows = [...output.matchAll(/^([A-Za-z0-9_.,]+)\s+(\d+)\s+(?:\d|\.)/gm)];
    // Where a row has a group the list of version 4 counts, whichever row comes first.
    const wanted = rows.some(([, name]) => name.startsWith("MAIN.")) ? NEW : OLD;
    for (const [, name, value] of rows) {
      if (wanted.has(name)) emit("{counter}", Number(value), name);
    }
  },
});

/** `s_{a,b}` as `s_a s_b`. */
function named(text: string): readonly string[] {
  return wordsOf(text).flatMap((word) => {
    const [, before, list] = /^(.*)\{(.*)\}$/.exec(word) ?? [];
    return list === undefined ? [word] : list.split(",").map((part) => before + part);
  });
}
