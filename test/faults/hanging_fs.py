"""The least of a FUSE file system: it has an empty root, and answers neither statfs nor for a name in it until a line comes in.
Source: https://man7.org/linux/man-pages/man4/fuse.4.html and linux/fuse.h"""

import ctypes, os, select, struct, sys, time
INIT, LOOKUP, GETATTR, STATFS = 26, 1, 3, 17
path = sys.argv[1]
fd = os.open("/dev/fuse", os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
options = f"fd={fd},rootmode=40000,user_id=0,group_id=0,allow_other"
if libc.mount(b"server:/hanging", path.encode(), b"fuse.hanging", 0, options.encode()):
    sys.exit(os.strerror(ctypes.get_errno()))
def reply(unique, body=b"", error=0):
    os.write(fd, struct.pack("<IiQ", 16 + len(body), -error, unique) + body)
def answer(opcode, unique):
    if opcode == LOOKUP: reply(unique, error=2)
    else: reply(unique, struct.pack("<QQQQQIIII24x", 1000, 600, 500, 100, 50, 4096, 255, 4096, 0))
held, free = [], False
print("mounted", flush=True)
while True:
    ready, _, _ = select.select([fd, 0], [], [])
    if 0 in ready:
        word = os.read(0, 100)
        if not word:
            break
        free = word.startswith(b"free")
        while free and held:
            answer(*held.pop())
    if fd not in ready:
        continue
    request = os.read(fd, 1 << 17)
    _, opcode, unique = struct.unpack_from("<IIQ", request)
    if opcode == INIT:
        reply(unique, struct.pack("<IIIIHHIIHHI28x", 7, 31, 65536, 0, 0, 0, 4096, 1, 0, 0, 0))
    elif opcode == GETATTR:
        reply(unique, struct.pack("<QII", 0, 0, 0) + struct.pack("<QQQQQQIIIIIIIIII", 1, 0, 0, 0, 0, 0, 0, 0, 0, 0o040755, 2, 0, 0, 0, 4096, 0))
    elif opcode in (STATFS, LOOKUP):
        if free: answer(opcode, unique)
        else: held.append((opcode, unique))
    elif opcode not in (2, 36, 42):
        reply(unique, error=38)
