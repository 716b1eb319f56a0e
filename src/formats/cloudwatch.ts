/** The body of CloudWatch's PutMetricData, as a form. */

export interface Datum {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  readonly dimensions: readonly (readonly [name: string, value: string])[];
}

export function putMetricData(namespace: string, data: readonly Datum[]): string {
  const fields: [string, string][] = [
    ["Action", "PutMetricData"],
    ["Version", "2010-08-01"],
    ["Namespace", namespace],
  ];
  for (const [index, { name, value, unit, timestamp, dimensions }] of data.entries()) {
    const member = `MetricData.member.${index + 1}`;
    const time = new Date(timestamp * 1000).toISOString().replace(/\.\d+Z$/, "Z");
    fields.push(
      [`${member}.MetricName`, name],
      [`${member}.Value`, `${value}`],
      [`${member}.Unit`, unit],
      [`${member}.Timestamp`, time],
    );
    for (const [at, [key, text]] of dimensions.entries()) {
      const dimension = `${member}.Dimensions.member.${at + 1}`;
      fields.push([`${dimension}.Name`, key], [`${dimension}.Value`, text]);
    }
  }
  return fields.map(([key, text]) => `${key}=${encodeURIComponent(text)}`).join("&");
}
