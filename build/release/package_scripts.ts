/** What packages run when they come and go. POSIX sh, for dpkg and rpm alike. */

const CONFIG = "/etc/diamond/diamond.conf";
const SAMPLE = "/usr/share/diamond-agent/diamond.conf";
/** The paths that the package made and does not list: what was there before is not the package's to remove. */
const MADE = "/var/lib/diamond-agent/made";
const UNIT = "diamond-agent.service";
/** Where Diamond's own packages have its collectors in Python, which a configuration may go on using. */
const COLLECTORS = "/usr/share/diamond/collectors";
const KEPT = "/var/lib/diamond-agent/collectors";
/** Checksums of those that were put back there, and are the package's to remove while they are as they were. */
const PUT_BACK = "/var/lib/diamond-agent/collectors.md5";

/** What python-diamond's packages are called: upstream's, and those of distributions. */
export const PREDECESSORS = ["diamond", "python-diamond"];

/** Prints the process of a python-diamond that runs: a Python, its options, and a script `diamond`. */
const findDiamond = `running_diamond() {
  for dir in /proc/[0-9]*; do
    words=$(tr '\\000 ' '\\n\\n' 2>/dev/null <"$dir/cmdline" | head -n 4 | sed 's,.*/,,')
    case "$words" in python*|diamond*) ;; *) continue ;; esac
    if echo "$words" | grep -q -x -e diamond -e diamond.py; then
      echo "\${dir#/proc/}"
      return 0
    fi
  done
  return 0
}
`;

/**
 * Before the files of a package that this one replaces are gone: keeps Diamond's collectors, to which a
 * configuration's collectors_path leads.
 */
export const beforeInstall = `if [ -d ${COLLECTORS} ]; then
  rm -rf ${KEPT}
  mkdir -p ${KEPT}
  cp -a ${COLLECTORS}/. ${KEPT}/
fi
`;

/** `fresh`: a shell condition that holds at a first installation. */
export function afterInstall(fresh: string): string {
  return `${findDiamond}mkdir -p /var/lib/diamond-agent
if ${fresh} && [ ! -e ${MADE} ]; then
  for path in ${CONFIG} /var/lib/diamond /var/log/diamond; do
    [ -e "$path" ] || [ -h "$path" ] || echo "$path"
  done >${MADE}
fi
if [ ! -e ${CONFIG} ]; then
  mkdir -p /etc/diamond/collectors /etc/diamond/handlers
  cp ${SAMPLE} ${CONFIG}
else
  # What an earlier Diamond was told is what this one goes by.
  echo "diamond-agent: uses ${CONFIG} as it is; \\"diamond-agent check\\" tells what it cannot use"
fi
if [ -d ${KEPT} ]; then
  # Those whose package has gone meanwhile.
  (cd ${KEPT} && find . -type f) | while read -r file; do
    [ -e "${COLLECTORS}/$file" ] && continue
    mkdir -p "$(dirname "${COLLECTORS}/$file")"
    cp -a "${KEPT}/$file" "${COLLECTORS}/$file"
    md5sum "${COLLECTORS}/$file" >>${PUT_BACK}
  done
  rm -rf ${KEPT}
  [ ! -e ${PUT_BACK} ] || echo "diamond-agent: python-diamond's collectors were kept in ${COLLECTORS}"
fi
if ! grep -q -m 1 'sse4_2' /proc/cpuinfo 2>/dev/null && [ "$(uname -m)" = x86_64 ]; then
  echo "diamond-agent: this processor has no SSE4.2, which the runtime needs: it will not start" >&2
fi
old=$(running_diamond)
if [ -n "$old" ] && ${fresh}; then
  echo "diamond-agent: not started, because python-diamond runs (process $old): both would send the same metrics." >&2
  echo "  To switch: stop python-diamond and keep it from starting with the machine, then start diamond-agent:" >&2
  if [ -d /run/systemd/system ]; then
    systemctl daemon-reload || true
    echo "    systemctl disable --now diamond && systemctl enable --now diamond-agent" >&2
  else
    echo "    /etc/init.d/diamond stop && update-rc.d diamond disable" >&2
    echo "    update-rc.d diamond-agent defaults && /etc/init.d/diamond-agent start" >&2
  fi
elif [ -d /run/systemd/system ]; then
  systemctl daemon-reload || true
  if ${fresh}; then
    systemctl enable --now ${UNIT} || true
  else
    systemctl try-restart ${UNIT} || true
  fi
elif command -v update-rc.d >/dev/null; then
  update-rc.d diamond-agent defaults >/dev/null || true
fi
`;
}

export const beforeRemove = `if [ -d /run/systemd/system ]; then
  systemctl disable --now ${UNIT} || true
elif [ -x /etc/init.d/diamond-agent ]; then
  /etc/init.d/diamond-agent stop || true
fi
`;

export const afterRemove = `if [ -d /run/systemd/system ]; then
  systemctl daemon-reload || true
fi
`;

/**
 * Removes what the package and its agent made. A folder goes with what the agent writes there, and stays where
 * there is more in it.
 */
export const afterPurge = `made() {
  grep -q -s -x -F "$1" ${MADE}
}
if made ${CONFIG}; then
  rm -f ${CONFIG}
  rmdir /etc/diamond/collectors /etc/diamond/handlers /etc/diamond 2>/dev/null || true
fi
for name in diamond private/diamond; do
  if made /var/lib/diamond && [ ! -h /var/lib/$name ]; then
    rm -rf /var/lib/$name/spool
    rm -f /var/lib/$name/state.json* /var/lib/$name/history.db* /var/lib/$name/diamond-agent.log*
    rmdir /var/lib/$name 2>/dev/null || true
  fi
  if made /var/log/diamond && [ ! -h /var/log/$name ]; then
    rm -f /var/log/$name/archive.log* /var/log/$name/diamond.log*
    rmdir /var/log/$name 2>/dev/null || true
  fi
done
for link in /var/lib/diamond /var/log/diamond; do
  # What a unit with a user of its own leaves: a link into "private".
  if [ -h $link ] && [ ! -e $link ]; then rm -f $link; fi
done
if [ -e ${PUT_BACK} ]; then
  while read -r sum file; do
    [ "$(md5sum "$file" 2>/dev/null | cut -c 1-32)" != "$sum" ] || rm -f "$file"
  done <${PUT_BACK}
  find /usr/share/diamond -depth -type d -empty -delete 2>/dev/null || true
fi
rm -rf /var/lib/diamond-agent
if command -v update-rc.d >/dev/null; then
  update-rc.d diamond-agent remove >/dev/null || true
fi
`;
