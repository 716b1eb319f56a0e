/** Brokers of messages, each by a library that is loaded with the first connection. */

import type { Brokers } from "../../ports/brokers.ts";
import { connectAmqp } from "./amqp.ts";
import { connectMqtt } from "./mqtt.ts";

export const realBrokers: Brokers = { mqtt: connectMqtt, amqp: connectAmqp };
