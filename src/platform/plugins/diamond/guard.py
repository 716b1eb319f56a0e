# Keeps this process, and all that it starts, from signalling the agent: see signal_guard.ts.

import binascii

SET_MODE_FILTER, SYNCHRONIZE = 1, 1


def apply(guard):
    if not guard:
        return
    try:
        import ctypes
        program = binascii.unhexlify(guard["program"])
        buffer = ctypes.create_string_buffer(program, len(program))

        class Program(ctypes.Structure):
            _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]
        header = Program(len(program) // 8, ctypes.cast(buffer, ctypes.c_void_p))
        ctypes.CDLL(None).syscall(ctypes.c_long(guard["call"]), ctypes.c_long(SET_MODE_FILTER),
                                  ctypes.c_long(SYNCHRONIZE), ctypes.byref(header))
    except Exception:
        # A Python without ctypes, or a C library that is not to be had.
        pass
