/**
 * A program of some two hundred bytes that a kernel can start as process 1: it mounts /proc, without
 * which the runtime does not start, and becomes the agent. Written here as machine code, so that the
 * agent can make a start-up image on a host that has no compiler.
 * Sources: elf(5), syscall(2), and the instruction sets' manuals.
 */

export type Machine = "x64" | "arm64";

/** Where the file is mapped; addresses in the code are absolute. */
const BASE = 0x400000;
const HEADERS = 64 + 56;
const ELF_MACHINE: Readonly<Record<Machine, number>> = { x64: 62, arm64: 183 };

/** The program that execs `argv`, with `env` as its whole environment. */
export function stageZero(
  machine: Machine,
  argv: readonly string[],
  env: readonly string[],
): Uint8Array {
  const assemble = { x64: codeX64, arm64: codeArm64 }[machine];
  // The code's length does not depend on the addresses in it.
  const codeLength = assemble({ proc: 0, mountPoint: 0, program: 0, argv: 0, env: 0 }).length;
  const data = new Data(BASE + HEADERS + codeLength);
  const addresses = {
    proc: data.text("proc"),
    mountPoint: data.text("/proc"),
    program: data.text(argv[0]),
    argv: data.table(argv.map((word) => data.text(word))),
    env: data.table(env.map((word) => data.text(word))),
  };
  const body = Uint8Array.from([...assemble(addresses), ...data.bytes]);
  const file = new Uint8Array(HEADERS + body.length);
  file.set(headers(ELF_MACHINE[machine], file.length));
  file.set(body, HEADERS);
  return file;
}

interface Addresses {
  readonly proc: number;
  readonly mountPoint: number;
  readonly program: number;
  readonly argv: number;
  readonly env: number;
}

/** Texts that end in NUL, and tables of their addresses that end in 0. */
class Data {
  readonly bytes: number[] = [];
  readonly #start: number;

  constructor(start: number) {
    this.#start = start;
  }

  text(text: string): number {
    const at = this.#start + this.bytes.length;
    this.bytes.push(...new TextEncoder().encode(text), 0);
    return at;
  }

  table(addresses: readonly number[]): number {
    while ((this.#start + this.bytes.length) % 8 !== 0) this.bytes.push(0);
    const at = this.#start + this.bytes.length;
    for (const address of [...addresses, 0]) this.bytes.push(...little(address, 8));
    return at;
  }
}

/** mount("proc", "/proc", "proc", 0, NULL); execve(program, argv, env); exit(1). */
function codeX64({ proc, mountPoint, program, argv, env }: Addresses): number[] {
  const edi = (value: number) => [0xbf, ...little(value, 4)];
  const esi = (value: number) => [0xbe, ...little(value, 4)];
  const edx = (value: number) => [0xba, ...little(value, 4)];
  const call = (number: number) => [0xb8, ...little(number, 4), 0x0f, 0x05];
  const clearR10R8 = [0x45, 0x31, 0xd2, 0x45, 0x31, 0xc0];
  return [
    ...[...edi(proc), ...esi(mountPoint), ...edx(proc), ...clearR10R8, ...call(165)],
    ...[...edi(program), ...esi(argv), ...edx(env), ...call(59)],
    ...[...edi(1), ...call(60)],
  ];
}

/** The same; addresses fit into two halves of 16 bits. */
function codeArm64({ proc, mountPoint, program, argv, env }: Addresses): number[] {
  const set = (register: number, value: number) => [
    ...little((0xd2800000 | ((value & 0xffff) << 5) | register) >>> 0, 4),
    ...little((0xf2a00000 | ((value >>> 16) << 5) | register) >>> 0, 4),
  ];
  const call = (number: number) => [...set(8, number), ...little(0xd4000001, 4)];
  return [
    ...[...set(0, proc), ...set(1, mountPoint), ...set(2, proc), ...set(3, 0), ...set(4, 0)],
    ...call(40),
    ...[...set(0, program), ...set(1, argv), ...set(2, env), ...call(221)],
    ...[...set(0, 1), ...call(93)],
  ];
}

/** One segment, readable and executable, that is the whole file. */
function headers(machine: number, length: number): number[] {
  return [
    ...[0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ...[...little(2, 2), ...little(machine, 2), ...little(1, 4), ...little(BASE + HEADERS, 8)],
    ...[...little(64, 8), ...little(0, 8), ...little(0, 4)],
    ...[64, 56, 1, 64, 0, 0].flatMap((value) => little(value, 2)),
    ...[...little(1, 4), ...little(5, 4), ...little(0, 8), ...little(BASE, 8), ...little(BASE, 8)],
    ...[...little(length, 8), ...little(length, 8), ...little(0x1000, 8)],
  ];
}

function little(value: number, size: number): number[] {
  let rest = BigInt(value);
  return Array.from({ length: size }, () => {
    const byte = Number(rest & 0xffn);
    rest >>= 8n;
    return byte;
  });
}
