"""Prints what arrives at a datagram socket, as a service manager would get it: notify_socket.py PATH"""
import os
import socket
import sys

server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(sys.argv[1])
server.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
print("listens", flush=True)
while True:
    data, ancillary, _, _ = server.recvmsg(4096, socket.CMSG_SPACE(12) + socket.CMSG_SPACE(64))
    for level, kind, content in ancillary:
        # The barrier of systemd-notify: whoever waits is told by the closing.
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            os.close(int.from_bytes(content[:4], sys.byteorder))
    print(data.decode().replace("\n", " | "), flush=True)
