/** Which files in Python are loaded, and by which Python: read off their texts. */

import { deepEqual } from "node:assert/strict";
import { describe, it } from "node:test";
import { filesOf, oldOnes, type PythonText } from "../../src/platform/plugins/python_files.ts";

const text = (path: string, content: string): PythonText => ({
  file: { path, fileVersion: "1" },
  text: content,
  names: [...content.matchAll(/class (\w+)/g)].map(([, name]) => name),
  imported: [],
});

describe("the file of a collector", () => {
  const texts = [
    text("/c/a.py", "class ACollector(object): pass\n"),
    text("/c/b.py", "from a import ACollector\nfrom package import BCollector\n"),
    text("/c/c.py", "if True:\n    class CCollector(object): pass\n"),
    text("/c/d.py", "make('DCollector')\n"),
  ];
  for (
    const [name, paths] of Object.entries({
      ACollector: ["/c/a.py"],
      BCollector: ["/c/b.py"],
      CCollector: ["/c/c.py"],
      DCollector: ["/c/d.py"],
      ECollector: [],
    })
  ) {
    it(`${name}: ${paths.join(", ") || "none"}`, () =>
      deepEqual(filesOf(name, texts).map(({ file }) => file.path), paths));
  }
});

describe("what was written for Python 2", () => {
  const old: readonly string[] = [
    'print "x"\n',
    "import urllib2\n",
    "try:\n    pass\nexcept ValueError, e:\n    pass\n",
    "for k in d.iteritems(): pass\n",
    "raise ValueError, 'x'\n",
    "isinstance(x, basestring)\n",
  ];
  const both: readonly string[] = [
    "import json\nclass X(object): pass\n",
    "print('x')\n",
    "try:\n    import urllib2\nexcept ImportError:\n    import urllib.request\n",
    'x = f"{y}"\nd.iteritems()\n',
  ];
  for (const content of old) {
    it(`is ${JSON.stringify(content)}`, () =>
      deepEqual([...oldOnes([text("/c/a.py", content)])], ["/c/a.py"]));
  }
  for (const content of both) {
    it(`is not ${JSON.stringify(content)}`, () =>
      deepEqual([...oldOnes([text("/c/a.py", content)])], []));
  }
  it("is what imports it", () => {
    const texts = [
      text("/c/derived.py", "from sub.base import Base\nclass D(Base): pass\n"),
      text("/c/sub/base.py", "import urllib2\n"),
      text("/c/other.py", "import json\n"),
    ];
    deepEqual([...oldOnes(texts)].sort(), ["/c/derived.py", "/c/sub/base.py"]);
  });
});
