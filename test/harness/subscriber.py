"""A subscriber of ZeroMQ that prints what it gets: subscriber.py PORT [PREFIX...]"""
import sys
import zmq

socket = zmq.Context().socket(zmq.SUB)
socket.setsockopt(zmq.RCVHWM, 0)
for prefix in sys.argv[2:] or [""]:
    socket.setsockopt_string(zmq.SUBSCRIBE, prefix)
socket.connect("tcp://127.0.0.1:" + sys.argv[1])
print("ready", flush=True)
while True:
    sys.stdout.write(socket.recv_string())
    sys.stdout.flush()
