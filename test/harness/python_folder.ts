/** A folder of collectors in Python as Diamond's own is: many files, some with their base class in another one. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface PythonFolder {
  readonly path: string;
  /** The collectors that can be enabled; each publishes its number as `n` below its own name. */
  readonly names: readonly string[];
}

/** What every collector has, whatever its kind. */
const body = (name: string, number: number, more = "") => `
class ${name}(BASE):
    def get_default_config(self):
        config = super(${name}, self).get_default_config()
        config.update({'path': '${name}', 'number': ${number}})
        return config
${more}
`;
const collect = `
    def collect(self):
        self.publish('n', int(self.config['number']))
`;

type Kind = (name: string, number: number) => string;

const kinds: readonly Kind[] = [
  (name, number) => `import diamond.collector\n${body(name, number, collect)}`,
  (name, number) =>
    `import os\nfrom diamond.collector import str_to_bool\n${body(name, number, collect)}`,
  // Written for Python 2.
  (name, number) =>
    `import urllib2\nimport json\n${
      body(
        name,
        number,
        `
    def collect(self):
        try:
            values = {'n': self.config['number']}
            for key, value in values.iteritems():
                self.publish(key, long(value))
        except urllib2.URLError, e:
            self.log.error(e)
`,
      )
    }`,
  (name, number) =>
    `from StringIO import StringIO\nimport Queue\n${
      body(
        name,
        number,
        `
    def collect(self):
        text = StringIO('%d' % int(self.config['number'])).read()
        if isinstance(text, basestring) and self.config.has_key('number'):
            self.publish('n', text)
`,
      )
    }`,
];

/** `count` files, one in eight of them a base class of the seven after it. */
export function writePythonFolder(path: string, count: number): PythonFolder {
  const names: string[] = [];
  for (let number = 0; number < count; number++) {
    const folder = join(path, `part${number % 12}`);
    mkdirSync(folder, { recursive: true });
    const isBase = number % 8 === 0;
    const name = `Made${number}Collector`;
    const base = number - (number % 8);
    const imports = isBase
      ? "from diamond.collector import Collector as BASE\n"
      : number % 2 === 0
      ? `from made${base} import Made${base}Collector as BASE\n`
      : "from diamond.collector import ProcessCollector as BASE\n";
    const kind = kinds[number % kinds.length];
    writeFileSync(join(folder, `made${number}.py`), imports + kind(name, number));
    names.push(name);
  }
  return { path, names };
}
