/** Values of options that nothing is set for. */

import { commonOptions, type CommonValues } from "../../src/core/collector.ts";
import { type AnyHandler, deliveryOptions, type DeliveryValues } from "../../src/core/handler.ts";
import type { Options, Values } from "../../src/core/option/option.ts";

export function defaultsOf<O extends Options>(options: O): Values<O> {
  return Object.fromEntries(
    Object.entries(options).map(([name, { fallback }]) => [name, fallback]),
  ) as Values<O>;
}

/** All options of a handler's section. */
export function handlerDefaults({ options }: AnyHandler): DeliveryValues {
  return { ...deliveryDefaults, ...defaultsOf(options as Options) };
}

export const commonDefaults: CommonValues = defaultsOf(commonOptions);
export const deliveryDefaults: DeliveryValues = defaultsOf(deliveryOptions);
