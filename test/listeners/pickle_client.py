"""Carbon's own example of a client, in every protocol of this Python: PORT BEGIN COUNT."""

import pickle
import socket
import struct
import sys

port, begin, count = map(int, sys.argv[1:])
peer = socket.create_connection(("127.0.0.1", port))
for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
    points = [("pickled.p%d" % protocol, (begin + at, at + 0.5)) for at in range(count)]
    payload = pickle.dumps(points, protocol=protocol)
    peer.sendall(struct.pack("!L", len(payload)) + payload)
peer.close()
