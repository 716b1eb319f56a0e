/**
 * The machine that is watched, and the only way to reach it. In a test it is a directory.
 *
 * Reads of /proc and /sys are synchronous and never block. All that may wait takes a signal.
 */

import type { System } from "../core/collector.ts";
import type { Cursor } from "../core/cursor.ts";
import type { Histories } from "./history.ts";
import type { Mongo } from "./mongo.ts";
import type { Snmp } from "./snmp.ts";
import type { Sql } from "./sql.ts";

export interface Host {
  readonly system: System;
  /** Processors that are online. */
  readonly cpus: number;
  readonly fs: HostFs;
  readonly net: Net;
  readonly exec: Exec;
  readonly mysql: Mysql;
  readonly sql: Sql;
  readonly snmp: Snmp;
  readonly mongo: Mongo;
  readonly codecs: Codecs;
  readonly histories: Histories;
  readonly probe: Probe;
  readonly clock: Clock;
  readonly names: Names;
  /** What the operating system tells without files: all there is outside of Linux. */
  readonly figures: Figures;
  /** The agent's own process. */
  readonly self: Self;
}

/** What was recorded of a host, at some seconds: see platform/recorded_host.ts. */
export interface RecordedHost extends Host {
  /** Seconds at which there is something new, in order. */
  readonly rounds: readonly number[];
  /** Goes to that second. */
  at(seconds: number): void;
}

/** Paths are the host's: `/proc`, `/sys` and the rest are moved by `procfs`, `sysfs` and `rootfs`. */
export interface HostFs {
  /** All of a file. Throws `no-data` when it cannot be read, and when it is longer than 64 MiB. */
  read(path: string): Cursor;
  /** As `read`; undefined when it cannot be read. */
  tryRead(path: string): Cursor | undefined;
  /** The same piece by piece, each of whole lines and good until the next one: for tables of any length. */
  readPieces(path: string): Iterable<Cursor>;
  /** The bytes of a file, for formats that are no text. Throws `no-data`. */
  readBytes(path: string): Uint8Array;
  /** The names in a directory, unsorted. Throws `no-data`. */
  list(path: string): string[];
  exists(path: string): boolean;
  /** Whether this process may execute the file. */
  executable(path: string): boolean;
  /** The type of its file system where that can stop answering, such as nfs: then ask `probe` first. */
  hangingKind(path: string): string | undefined;
  /** Why root must not run the file: others can change it. Undefined where they cannot, or the agent is not root. */
  untrusted(path: string): string | undefined;
  stat(path: string): FileStat | undefined;
  /** The target of a symbolic link, as it stands. */
  readLink(path: string): string | undefined;
  /** The path with every link resolved, as the host sees it. */
  realPath(path: string): string | undefined;
  /** Removes a file. Throws `no-data` where it cannot. */
  remove(path: string): void;
  /** A file that grows by whole texts, and is rotated. Throws `config` when it cannot be opened. */
  append(path: string, rotation: Rotation): Appender;
}

export interface FileStat {
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  readonly device: number;
  readonly size: number;
  readonly uid: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
}

/** When a file is put aside, and how many of the old ones stay. */
export interface Rotation {
  /** S M H D MIDNIGHT W0…W6 as Python's TimedRotatingFileHandler; SIZE: by `maxBytes` alone; NEVER. */
  readonly when: string;
  /** Units of `when`. */
  readonly interval: number;
  /** Old files to keep; 0: all. */
  readonly keep: number;
  /** Also rotate before the file grows over this; 0: no bound. */
  readonly maxBytes: number;
  /** Compress what was put aside. */
  readonly gzip: boolean;
  readonly utc: boolean;
  /** Open again when the file was moved away by another program. */
  readonly watch: boolean;
}

export interface Appender {
  /** Writes all of the text or throws. */
  append(text: string): void;
  close(): void;
}

export type Family = 0 | 4 | 6;

export interface Net {
  /** A TCP connection, to the first address of the name that answers. Throws `undelivered` or `timeout`. */
  connect(target: Target, signal: AbortSignal): Promise<Connection>;
  /** A two-way connection, for a question and its answer. It ends when the signal aborts. Throws as `connect`. */
  dial(to: Address, signal: AbortSignal): Promise<Stream>;
  /** A UDP socket that sends to one address, resolved now. */
  datagram(target: Target, signal: AbortSignal): Promise<Datagrams>;
  /** One HTTP request. Throws `undelivered` or `timeout` where there is no answer, `bad-data` where it is too long. */
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>;
  /** Answers HTTP requests (GET only) at an address until it is closed. Throws `undelivered` where that cannot be. */
  listen(
    at: ListenAddress,
    answer: (asked: HttpServerRequest) => HttpServerResponse,
  ): Promise<Listener>;
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  /** Where `host` is a loopback address: names that requests may carry in `Host`, besides loopback's own. */
  readonly allowedHosts?: readonly string[];
}

export interface HttpServerRequest {
  /** Without the query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface HttpServerResponse {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export interface Listener {
  close(): Promise<void>;
}

export interface HttpRequest {
  /** GET, POST … */
  readonly method: string;
  /** http or https. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Level of gzip for the body, 1 to 9; 0 or absent: none. */
  readonly gzip?: number;
  /** Basic auth, or digest auth where the server asks for it and `digest` is set. */
  readonly login?: Login;
  readonly tls?: TlsSettings;
  /** Path of a unix socket to connect to, instead of the URL's host and port. */
  readonly socket?: string;
  /** Bytes of a body; a longer one is an error. Absent: the body is cut at 1 MB, which is enough for an error's text. */
  readonly maxBytes?: number;
  /** Redirects that are followed. Absent: none. */
  readonly redirects?: number;
}

export interface Login {
  readonly user: string;
  readonly password: string;
  readonly digest?: boolean;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** UTF-8; see `maxBytes`. */
  readonly body: string;
}

/** Files are named by their paths, and read at each connect: certificates are renewed. */
export interface TlsSettings {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name that the server's certificate is to have, where it is not the host's. */
  readonly serverName?: string;
  readonly verify: boolean;
}

export interface Target {
  readonly host: string;
  readonly port: number;
  readonly family?: Family;
  /** Seconds of silence after which the kernel probes the peer; 0 or absent: never. */
  readonly keepalive?: number;
  /** IPv6 zone, for link-local addresses. */
  readonly scope?: string;
  /** Absent: not encrypted. Only for connections. */
  readonly tls?: TlsSettings;
}

export interface Connection {
  /** Hands all the bytes to the kernel, at once where its buffer has room; waits while that is full. */
  write(bytes: Uint8Array, signal: AbortSignal): void | Promise<void>;
  /** `ended`: the peer has closed its side; `broken`: the connection failed. */
  readonly state: "open" | "ended" | "broken";
  /**
   * Bytes that were written and that the peer's system has not acknowledged; 0 where nobody knows. It
   * costs a look at the kernel's table of connections: undefined where the last one was dear and not
   * long ago.
   */
  unacknowledged(): number | undefined;
  /**
   * Bytes that the peer's program has not read, as far as its system tells, of which so many are not even
   * acknowledged.
   */
  unread(unacknowledged: number): number;
  /** What the peer has said since this was asked last, a character for each byte; most say nothing. */
  heard(): string;
  /** Milliseconds for which the peer has been silent; of one that has ended: since about when. */
  silence(): number;
  /**
   * Ends the connection in order: sends what was written, says that this was all, and waits for the
   * peer to do the same. False where it did not, or the connection broke.
   */
  close(): Promise<boolean>;
  /** Drops the connection at once. */
  destroy(): void;
}

/** A host and port, or the path of a unix socket. */
export type Address = Target | { readonly path: string };

/** A two-way connection. */
export interface Stream extends Disposable {
  /** Throws `undelivered` where the peer is gone. */
  write(bytes: Uint8Array): Promise<void>;
  /** The next bytes as they arrive; undefined at the end. Throws `undelivered`, and `timeout` once the signal aborts. */
  read(): Promise<Uint8Array | undefined>;
}

export interface Datagrams {
  send(bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  /** The next datagram that arrives. Throws `timeout` when the signal aborts. */
  receive(signal: AbortSignal): Promise<Uint8Array>;
  close(): void;
}

export interface Mysql {
  /** Throws `undelivered` or `timeout`. */
  connect(settings: MysqlSettings, signal: AbortSignal): Promise<MysqlConnection>;
}

export interface MysqlSettings {
  readonly host: string;
  readonly port: number;
  /** Path of a unix socket, instead of host and port. */
  readonly socket: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly tls?: TlsSettings;
}

export interface MysqlConnection {
  /** False once it is of no more use. */
  readonly open: boolean;
  /**
   * One statement, all of it or nothing; `?` in it stands for the rows. Throws `refused` where a row
   * is at fault, `undelivered` for the rest.
   */
  insert(
    statement: string,
    rows: readonly (readonly string[])[],
    signal: AbortSignal,
  ): Promise<void>;
  close(): Promise<void>;
}

export interface Codecs {
  /** The body of Prometheus' remote write: protobuf in Snappy's block format. */
  remoteWrite(series: readonly TimeSeries[]): Promise<Uint8Array>;
}

export interface TimeSeries {
  /** Sorted by label; the name is the label `__name__`. */
  readonly labels: readonly (readonly [label: string, text: string])[];
  /** Oldest first, times in milliseconds since the epoch. */
  readonly samples: { readonly value: number; readonly timestamp: number }[];
}

export interface Exec {
  /**
   * Runs a command and waits for its end. Its whole process group is killed when the signal aborts.
   * A non-zero exit is no error; not being able to start it is (`no-data`).
   */
  run(argv: readonly string[], limits: ExecLimits): Promise<ExecResult>;
  /** Starts a command that goes on until it ends or is stopped, with all that it started. */
  start(argv: readonly string[], listener: CommandListener): RunningCommand;
  /** The full path of a program, as the shell would find it, and in /sbin and its like; undefined if there is none. */
  find(program: string): string | undefined;
}

export interface CommandListener {
  /** Each line of its output; one that is very long is cut. */
  line(text: string): void;
  /** What it writes to stderr, as it comes. */
  said(text: string): void;
  /** Once: "ended with 1", "cannot be started: …"; not after `stop`. */
  ended(why: string): void;
}

export interface RunningCommand {
  /** Tells it, and it alone. */
  signal(name: "SIGTERM"): void;
  /** Kills it with all that it started; `ended` is not called. */
  stop(): void;
}

export interface ExecLimits {
  readonly signal: AbortSignal;
  /** Output over this is cut, and the command killed. Default 16 MB. */
  readonly maxBytes?: number;
}

export interface ExecResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Null when a signal ended it. */
  readonly code: number | null;
  /** There was more output than allowed, and it was killed for that. */
  readonly cut?: boolean;
}

export interface StatVfs {
  /** Bytes in a block of the counts below. */
  readonly blockSize: number;
  readonly blocks: number;
  readonly blocksFree: number;
  readonly blocksAvailable: number;
  readonly files: number;
  readonly filesFree: number;
}

export interface Probe {
  /**
   * statvfs(2) of a mount point. `kind` has the file system's type, and those of what it lies on: one that can hang (nfs, fuse …)
   * is asked off the main thread, never twice at once, and given up at the signal (`timeout`). The
   * others answer at once, and throw what is wrong.
   */
  statvfs(path: string, kind: string, asker: Abortable): StatVfs | Promise<StatVfs>;
  /** The number of the device that a mount point lies on; with the same care. */
  device(
    path: string,
    kind: string,
    asker: Abortable,
  ): number | undefined | Promise<number | undefined>;
}

/** Whose signal is looked at only where something may wait: a collector's run makes none before. */
export interface Abortable {
  readonly signal: AbortSignal;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that never step. */
  monotonic(): number;
  /** Resolves after `ms`, at once when the signal aborts; with 0 when all that is due has had its turn. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls back after `ms`, unless what it returns is called before: a deadline that mostly is not needed. */
  after(ms: number, act: () => void): () => void;
}

/** The host's own names, before any `hostname_method` is applied. */
export interface Names {
  /** gethostname(2). */
  hostname(): string;
  /** Python's getfqdn: the resolver's name for this host, or the plain hostname. */
  fqdn(): Promise<string>;
}

export interface CpuTimes {
  /** Milliseconds since boot. */
  readonly user: number;
  readonly nice: number;
  readonly system: number;
  readonly idle: number;
  readonly irq: number;
}

export interface Figures {
  loadAverages(): readonly [number, number, number];
  cpuTimes(): readonly CpuTimes[];
  memory(): { readonly total: number; readonly free: number };
  /** Seconds since boot. */
  uptime(): number;
}

export interface Self {
  readonly pid: number;
  /** Resident bytes. */
  rss(): number;
  /** Microseconds of processor time since the start. */
  cpu(): number;
  /** Collects garbage, and returns pages to the system that can be read again from the program's file. */
  reclaim(): void;
  /** Also discards JIT code. Recompiling it takes minutes, because the agent runs 2 ms per second. */
  dropCompiledCode(): void;
}
