"""Stands before Kafka's brokers, so that it can be killed and started again while they keep what they have.

kafka_front.py BROKER=PORT ...: passes on what comes to PORT, and says PORT where an answer has the broker's own.
"""

import socket
import struct
import sys
import threading

HOST = b"\x00\x09127.0.0.1"
ports = [tuple(int(part) for part in pair.split("=")) for pair in sys.argv[1:]]
renamed = [(HOST + struct.pack(">i", broker), HOST + struct.pack(">i", port)) for broker, port in ports]


def take(source, count):
    data = b""
    while len(data) < count:
        more = source.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def copy(source, target, pairs):
    try:
        while True:
            head = take(source, 4)
            body = take(source, struct.unpack(">i", head)[0])
            for before, after in pairs:
                body = body.replace(before, after)
            target.sendall(head + body)
    except (OSError, EOFError):
        for end in (source, target):
            end.close()


def serve(listener, broker):
    while True:
        client, _ = listener.accept()
        server = socket.create_connection(("127.0.0.1", broker))
        threading.Thread(target=copy, args=(client, server, [])).start()
        threading.Thread(target=copy, args=(server, client, renamed)).start()


for broker, port in ports:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()
    threading.Thread(target=serve, args=(listener, broker)).start()
print("ready", flush=True)
