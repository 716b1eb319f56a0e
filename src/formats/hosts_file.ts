/** /etc/hosts: lines of an address and the names that it has, the first one the canonical one. */

/** All names of an address, in their order. */
export function namesOf(hosts: string, address: string): string[] {
  return hosts.split("\n").flatMap((line) => {
    const [first, ...names] = line.replace(/#[^\n]*/, "").trim().split(/\s+/);
    return first === address ? names : [];
  });
}
