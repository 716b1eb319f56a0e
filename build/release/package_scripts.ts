/** What packages run when they come and go. POSIX sh, for dpkg and rpm alike. */

const CONFIG = "/etc/diamond/diamond.conf";
const SAMPLE = "/usr/share/diamond-agent/diamond.conf";
/** Says that the configuration is ours: one that was there before is nobody's to remove. */
const MARK = "/etc/diamond/.made-by-diamond-agent";
const UNIT = "diamond-agent.service";

/** `fresh`: a shell condition that holds at a first installation. */
export function afterInstall(fresh: string): string {
  return `if [ ! -e ${CONFIG} ]; then
  mkdir -p /etc/diamond/collectors /etc/diamond/handlers
  cp ${SAMPLE} ${CONFIG}
  : > ${MARK}
else
  # What an earlier Diamond was told is what this one goes by.
  echo "diamond-agent: uses ${CONFIG} as it is; \\"diamond-agent check\\" tells what it cannot use"
fi
if ! grep -q -m 1 'sse4_2' /proc/cpuinfo 2>/dev/null && [ "$(uname -m)" = x86_64 ]; then
  echo "diamond-agent: this processor has no SSE4.2, which the runtime needs: it will not start" >&2
fi
if [ -d /run/systemd/system ]; then
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

/** The configuration goes only if it was made here. */
export const afterPurge = `if [ -e ${MARK} ]; then
  rm -f ${CONFIG} ${MARK}
  rmdir /etc/diamond/collectors /etc/diamond/handlers /etc/diamond 2>/dev/null || true
fi
rm -rf /var/lib/diamond /var/lib/private/diamond /var/log/diamond /var/log/private/diamond
if command -v update-rc.d >/dev/null; then
  update-rc.d diamond-agent remove >/dev/null || true
fi
`;
