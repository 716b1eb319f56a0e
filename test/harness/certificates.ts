/** An authority of the test's own and a certificate by it, for the name `right.test` alone. */

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const noOpenssl = existsSync("/usr/bin/openssl") ? false : "openssl is not installed";
export const CERTIFIED_NAME = "right.test";

export interface Certificates {
  readonly ca: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

export function certificates(directory: string): Certificates {
  const file = (name: string) => join(directory, name);
  const openssl = (...args: string[]) => {
    const { status, stderr } = spawnSync("/usr/bin/openssl", args, {
      encoding: "utf8",
      cwd: directory,
    });
    if (status !== 0) throw new Error(stderr);
  };
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test CA");
  openssl("req", ...key, "-keyout", "key.pem", "-out", "csr.pem", "-subj", "/CN=test");
  writeFileSync(file("ext"), `subjectAltName=DNS:${CERTIFIED_NAME}\n`);
  openssl(
    ...["x509", "-req", "-in", "csr.pem", "-CA", "ca.pem", "-CAkey", "ca.key"],
    ...["-CAcreateserial", "-days", "30", "-extfile", "ext", "-out", "cert.pem"],
  );
  return {
    ca: file("ca.pem"),
    certFile: file("cert.pem"),
    keyFile: file("key.pem"),
    cert: readFileSync(file("cert.pem"), "utf8"),
    key: readFileSync(file("key.pem"), "utf8"),
  };
}
