/**
 * A filter for the kernel, by which a process and all that it starts cannot signal one other process.
 * Source: https://www.kernel.org/doc/html/latest/userspace-api/seccomp_filter.html and linux/filter.h
 */

/** What to hand to the kernel: the number of its call, and instructions of eight bytes each, as hexadecimal digits. */
export interface SignalFilter {
  readonly call: number;
  readonly program: string;
}

interface Machine {
  readonly audit: number;
  readonly seccomp: number;
  /** kill, tkill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo, pidfd_open: each begins with whom it is for. */
  readonly signals: readonly number[];
}

const MACHINES: Readonly<Record<string, Machine>> = {
  x64: { audit: 0xc000003e, seccomp: 317, signals: [62, 200, 234, 129, 297, 434] },
  arm64: { audit: 0xc00000b7, seccomp: 277, signals: [129, 130, 131, 138, 240, 434] },
};
const LOAD = 0x20;
const JUMP_IF_EQUAL = 0x15;
const RETURN = 0x06;
const ALLOW = 0x7fff0000;
/** EPERM, as for another user's process. */
const REFUSE = 0x00050001;
/** Places in what the filter looks at: the call's number, the machine, the low half of the first argument. */
const [CALL, AUDIT, FIRST] = [0, 4, 16];

type Instruction = readonly [code: number, isTrue: number, isFalse: number, operand: number];

/** `pid` and `group` stand for the process; undefined for a machine whose calls are not known here. */
export function signalFilter(
  machine: string,
  pid: number,
  group: number,
): SignalFilter | undefined {
  const known = MACHINES[machine];
  if (known === undefined) return undefined;
  const { audit, seccomp, signals } = known;
  // Everybody, itself, its group.
  const targets = [-1, pid, -group].map((target) => target >>> 0);
  const instructions: Instruction[] = [
    [LOAD, 0, 0, AUDIT],
    [JUMP_IF_EQUAL, 0, signals.length + targets.length + 2, audit],
    [LOAD, 0, 0, CALL],
    ...signals.map((call, at): Instruction => [
      JUMP_IF_EQUAL,
      signals.length - at - 1,
      at === signals.length - 1 ? targets.length + 1 : 0,
      call,
    ]),
    [LOAD, 0, 0, FIRST],
    ...targets.map((target, at): Instruction => [JUMP_IF_EQUAL, targets.length - at, 0, target]),
    [RETURN, 0, 0, ALLOW],
    [RETURN, 0, 0, REFUSE],
  ];
  return { call: seccomp, program: packed(instructions) };
}

function packed(instructions: readonly Instruction[]): string {
  const view = new DataView(new ArrayBuffer(8 * instructions.length));
  for (const [index, [code, isTrue, isFalse, operand]] of instructions.entries()) {
    view.setUint16(8 * index, code, true);
    view.setUint8(8 * index + 2, isTrue);
    view.setUint8(8 * index + 3, isFalse);
    view.setUint32(8 * index + 4, operand, true);
  }
  return [...new Uint8Array(view.buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
}
