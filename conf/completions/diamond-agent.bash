# bash completion of diamond-agent, generated: `npm run gen`, or diamond-agent completions bash
_diamond_agent() {
  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} flags="" words=""
  COMPREPLY=()
  case $before in
    -c|--configfile|-p|--pidfile|--dump-json|--archive) mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
    --procfs|--sysfs|--rootfs|--path|--dir|--whisper|--root) mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
    -u|--user|-g|--group|--page|--socket|--at|--match|--interval|--handler|--count|--since|--until|--rate|--rounds|--round-interval-ms|--seconds|--graphite|--listen|--for|--collector|--type) return ;;
  esac
  if [ "$COMP_CWORD" = 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W "run status top tap reload spool replay check collect explain list describe hostname schema support-bundle version new types record test init-config migrate config service initramfs init completions help" -- "$current")
    return
  fi
  case ${COMP_WORDS[1]} in
    run) flags="-c --configfile -f --foreground -l --log-stdout -p --pidfile -u --user -g --group --skip-pidfile --skip-change-user --debug --with-stdin --skip-fork --page --procfs --sysfs --rootfs --help" words="" ;;
    status) flags="-c --configfile -p --pidfile --socket --json --help" words="" ;;
    top) flags="--at --match --interval --once --ascii -c --configfile -p --pidfile --socket --help" words="" ;;
    tap) flags="--match --handler --count --json -c --configfile -p --pidfile --socket --help" words="" ;;
    reload) flags="-c --configfile -p --pidfile --socket --json --help" words="" ;;
    spool) flags="-c --configfile -p --pidfile --socket --path --json --yes --help" words="ls verify export replay drop" ;;
    replay) flags="-c --configfile --handler --since --until --match --rate --restart --help" words="" ;;
    check) flags="-c --configfile --strict --print --connect --write --json --dump-json --help" words="" ;;
    collect) flags="-c --configfile --all --rounds --round-interval-ms --json --procfs --sysfs --rootfs --help" words="$(diamond-agent list 2>/dev/null | awk '/^  [A-Z][A-Za-z]*(Collector|Handler)/{print $1}')" ;;
    explain) flags="-c --configfile -p --pidfile --socket --procfs --sysfs --rootfs --json --help" words="" ;;
    list) flags="-c --configfile --json --help" words="" ;;
    describe) flags="-c --configfile --help" words="$(diamond-agent list 2>/dev/null | awk '/^  [A-Z][A-Za-z]*(Collector|Handler)/{print $1}')" ;;
    hostname) flags="-c --configfile --json --help" words="" ;;
    schema) flags="-c --configfile --help" words="mysql clickhouse" ;;
    support-bundle) flags="-c --configfile -p --pidfile --socket --help" words="" ;;
    version) flags="--json --licenses --help" words="" ;;
    new) flags="--dir --help" words="collector" ;;
    types) flags="--help" words="" ;;
    record) flags="--seconds -c --configfile --help" words="$(diamond-agent list 2>/dev/null | awk '/^  [A-Z][A-Za-z]*(Collector|Handler)/{print $1}')" ;;
    test) flags="--update -c --configfile --help" words="$(diamond-agent list 2>/dev/null | awk '/^  [A-Z][A-Za-z]*(Collector|Handler)/{print $1}')" ;;
    init-config) flags="--graphite --procfs --sysfs --rootfs --help" words="" ;;
    migrate) flags="-c --configfile --archive --whisper --listen --for --procfs --sysfs --rootfs --json --help" words="" ;;
    config) flags="--collector --help" words="" ;;
    service) flags="--type --root -c --configfile --help" words="install remove print" ;;
    initramfs) flags="-c --configfile --help" words="" ;;
    init) flags="-c --configfile --restart --help" words="" ;;
    completions) flags="--help" words="bash zsh fish" ;;
    help) words="run status top tap reload spool replay check collect explain list describe hostname schema support-bundle version new types record test init-config migrate config service initramfs init completions help" ;;
  esac
  case $current in
    -*) mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$current") ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current"; compgen -f -- "$current") ;;
  esac
}
complete -o filenames -F _diamond_agent diamond-agent
