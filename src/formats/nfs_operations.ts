/** Names of NFS' procedures in the order of the kernel's tables, for the client's and the server's statistics. */

import { wordsOf } from "../core/words.ts";

export const NFS_2 = wordsOf(`
  null getattr setattr root lookup readlink read wrcache write create remove rename link symlink
  mkdir rmdir readdir fsstat
`);
export const NFS_3 = wordsOf(`
  null getattr setattr lookup access readlink read write create mkdir symlink mknod remove rmdir
  rename link readdir readdirplus fsstat fsinfo pathconf commit
`);
