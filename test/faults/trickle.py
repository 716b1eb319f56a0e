"""Sockets of the runtimes read ahead, however little is taken from them: this one does not."""

import socket, sys, threading, time
slow = False
def serve(client):
    backend = socket.create_connection(("127.0.0.1", int(sys.argv[1]))) if sys.argv[1] != "0" else None
    client.settimeout(0.2)
    while True:
        try:
            data = client.recv(1 if slow else 65536)
        except TimeoutError:
            continue
        except OSError:
            data = b""
        if not data:
            break
        if backend:
            backend.sendall(data)
        if slow:
            time.sleep(1)
    client.close()
    if backend:
        backend.close()
server = socket.create_server(("127.0.0.1", 0))
def accept():
    while True:
        client, _ = server.accept()
        threading.Thread(target=serve, args=(client,), daemon=True).start()
threading.Thread(target=accept, daemon=True).start()
print(server.getsockname()[1], flush=True)
for line in sys.stdin:
    slow = line.startswith("slow")
