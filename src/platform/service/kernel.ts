/**
 * What only process 1 needs of the kernel, by the C library: no runtime has it. The executable is
 * Bun's, so its foreign functions are enough. Loaded by `init` alone.
 */

import { closeSync, openSync, writeFileSync } from "node:fs";
import process from "node:process";
import { configError } from "../../core/errors.ts";
import type { Kernel } from "../../ports/process.ts";
import { systemCalls } from "../runtime/libc.ts";

/** Source: reboot(2). */
const COMMANDS = { "power-off": 0x4321fedc, restart: 0x1234567 } as const;
/** Source: asm/unistd.h. */
const FINIT_MODULE: Readonly<Record<string, number>> = { x64: 313, arm64: 273 };
/** Source: linux/sockios.h, linux/if.h, linux/route.h. */
const SET_ADDRESS = 0x8916;
const SET_MASK = 0x891c;
const GET_FLAGS = 0x8913;
const SET_FLAGS = 0x8914;
const ADD_ROUTE = 0x890b;
const UP = 0x1;
const ROUTE_UP_GATEWAY = 0x3;
const INTERNET = 2;
const DATAGRAMS = 2;
const WITHOUT_WAITING = 1;

/** Throws `config` where this runtime cannot. */
export function openKernel(): Kernel {
  const finitModule = FINIT_MODULE[process.arch];
  if (
    process.versions.bun === undefined || process.platform !== "linux" || finitModule === undefined
  ) {
    throw configError("only the executable for Linux on x64 or arm64 can be process 1");
  }
  const found = systemCalls({
    mount: { args: ["ptr", "ptr", "ptr", "u64", "ptr"], returns: "i32" },
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
    close: { args: ["i32"], returns: "i32" },
    waitpid: { args: ["i32", "ptr", "i32"], returns: "i32" },
    sync: { args: [], returns: "i32" },
    reboot: { args: ["u32"], returns: "i32" },
    syscall: { args: ["i64", "i64", "ptr", "i64"], returns: "i64" },
  });
  if (found === undefined) throw configError("there is no C library that this program knows");
  const c = found;
  const text = (value: string) => new TextEncoder().encode(`${value}\0`);

  /** One socket for all of them. */
  function onSocket(work: (control: (request: number, data: Uint8Array) => boolean) => void): void {
    const socket = c.socket(INTERNET, DATAGRAMS, 0);
    try {
      work((request, data) => c.ioctl(socket, request, data) === 0);
    } finally {
      c.close(socket);
    }
  }

  return {
    mount: (kind, folder) => c.mount(text(kind), text(folder), text(kind), 0, null) === 0,
    loadModule(path) {
      const fd = openSync(path, "r");
      try {
        return Number(c.syscall(finitModule, fd, text(""), 0)) === 0;
      } finally {
        closeSync(fd);
      }
    },
    bringUp(device, address, mask) {
      let done = true;
      onSocket((control) => {
        const flags = request(device);
        if (address !== undefined) {
          done &&= control(SET_ADDRESS, request(device, socketAddress(address)));
          done &&= control(SET_MASK, request(device, socketAddress(mask ?? "255.255.255.0")));
        }
        done &&= control(GET_FLAGS, flags);
        new DataView(flags.buffer).setInt16(16, UP, true);
        done &&= control(SET_FLAGS, flags);
      });
      return done;
    },
    route(gateway) {
      let done = true;
      onSocket((control) => {
        // struct rtentry: padding, destination, gateway, mask, flags.
        const entry = new Uint8Array(120);
        entry.set(socketAddress("0.0.0.0"), 8);
        entry.set(socketAddress(gateway), 24);
        entry.set(socketAddress("0.0.0.0"), 40);
        new DataView(entry.buffer).setUint16(56, ROUTE_UP_GATEWAY, true);
        done = control(ADD_ROUTE, entry);
      });
      return done;
    },
    setHostname: (name) => writeFileSync("/proc/sys/kernel/hostname", name),
    reap: (pid) => void c.waitpid(pid, null, WITHOUT_WAITING),
    end(how) {
      c.sync();
      c.reboot(COMMANDS[how]);
    },
  };
}

/** struct ifreq: the name, and what is asked. */
function request(device: string, content = new Uint8Array()): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(40);
  bytes.set(new TextEncoder().encode(device).subarray(0, 15));
  bytes.set(content, 16);
  return bytes;
}

/** struct sockaddr_in. */
function socketAddress(address: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(16);
  bytes[0] = INTERNET;
  bytes.set(address.split(".").map(Number), 4);
  return bytes;
}
