"""Kafka's brokers as librdkafka keeps them in memory, for tests.

kafka_mock.py BROKERS: says where they listen, then obeys a line each: topic NAME PARTITIONS, down ID, up ID,
lead TOPIC PARTITION ID, fail API CODE TIMES.
"""

import ctypes
import sys

kafka = ctypes.CDLL("librdkafka.so.1")
pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
for name, result, arguments in [
    ("rd_kafka_new", pointer, [number, pointer, text, ctypes.c_size_t]),
    ("rd_kafka_mock_cluster_new", pointer, [pointer, number]),
    ("rd_kafka_mock_cluster_bootstraps", text, [pointer]),
    ("rd_kafka_mock_topic_create", number, [pointer, text, number, number]),
    ("rd_kafka_mock_broker_set_down", number, [pointer, ctypes.c_int32]),
    ("rd_kafka_mock_broker_set_up", number, [pointer, ctypes.c_int32]),
    ("rd_kafka_mock_partition_set_leader", number, [pointer, text, ctypes.c_int32, ctypes.c_int32]),
    ("rd_kafka_mock_push_request_errors_array", None,
     [pointer, ctypes.c_int16, ctypes.c_size_t, ctypes.POINTER(number)]),
]:
    function = getattr(kafka, name)
    function.restype, function.argtypes = result, arguments

PRODUCER = 0
brokers = int(sys.argv[1])
client = kafka.rd_kafka_new(PRODUCER, None, None, 0)
cluster = kafka.rd_kafka_mock_cluster_new(client, brokers)


def fail(api, code, times):
    codes = (number * int(times))(*[int(code)] * int(times))
    kafka.rd_kafka_mock_push_request_errors_array(cluster, int(api), int(times), codes)


commands = {
    "topic": lambda name, parts: kafka.rd_kafka_mock_topic_create(cluster, name.encode(), int(parts), brokers),
    "down": lambda broker: kafka.rd_kafka_mock_broker_set_down(cluster, int(broker)),
    "up": lambda broker: kafka.rd_kafka_mock_broker_set_up(cluster, int(broker)),
    "lead": lambda topic, part, broker: kafka.rd_kafka_mock_partition_set_leader(
        cluster, topic.encode(), int(part), int(broker)),
    "fail": fail,
}
print(kafka.rd_kafka_mock_cluster_bootstraps(cluster).decode(), flush=True)
for line in sys.stdin:
    word, *rest = line.split()
    commands[word](*rest)
    print("done", flush=True)
