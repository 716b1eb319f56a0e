/** The statements for a table of metrics. */

interface MetricTable {
  readonly table: string;
  readonly col_time: string;
  readonly col_metric: string;
  readonly col_value: string;
}

/** Returns the INSERT statement, with `?` for the rows. The user only needs the INSERT privilege. */
export function insertStatement({ table, col_time, col_metric, col_value }: MetricTable): string {
  const columns = [col_metric, col_time, col_value].map(quoted);
  return `INSERT INTO ${tableName(table)} (${columns.join(", ")}) VALUES ?`;
}

/**
 * A row that is there already is set again: with the key that the schema has, what is sent twice is
 * there once. It needs the rights to insert, update and select.
 */
export function upsertStatement(table: MetricTable): string {
  const value = quoted(table.col_value);
  return `${insertStatement(table)} ON DUPLICATE KEY UPDATE ${value} = VALUES(${value})`;
}

export function mysqlSchema({ table, col_time, col_metric, col_value }: MetricTable): string {
  const [time, metric, value] = [col_time, col_metric, col_value].map(quoted);
  return `CREATE TABLE IF NOT EXISTS ${tableName(table)} (
  ${metric} VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  ${time} INT UNSIGNED NOT NULL,
  ${value} DOUBLE NOT NULL,
  PRIMARY KEY (${metric}, ${time}),
  KEY ${quoted(`by_${col_time}`)} (${time})
);
`;
}

/** `other.metrics` is a table of another database. */
function tableName(name: string): string {
  return name.split(".").map(quoted).join(".");
}

function quoted(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}
