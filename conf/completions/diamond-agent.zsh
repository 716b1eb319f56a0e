#compdef diamond-agent
# zsh completion of diamond-agent, generated: `npm run gen`, or diamond-agent completions zsh
_diamond_agent_names() {
  local -a names
  names=(${(f)"$(diamond-agent list 2>/dev/null | awk '/^  [A-Z][A-Za-z]*(Collector|Handler)/{print $1}')"})
  _describe name names
  _files
}
_diamond_agent() {
  local -a commands
  commands=(
    'run:Collect and ship metrics\: the daemon'
    'status:How the running agent is\: collectors, handlers, backlog'
    'reload:Have the running agent take over what has changed, and print it'
    'collect:Run collectors, enabled or not, and print their metrics'
    'check:Tell all that is wrong with a configuration, with file and line'
    'list:Name the collectors and handlers'
    'describe:Tell the options, metrics and sources of a collector or handler'
    'new:Write a collector of your own to begin with, its settings and a test'
    'types:Write the types of your own collectors'\'' import, so that editors complete'
    'service:Have the machine start the agent\: systemd, OpenRC, SysV, launchd, Windows'
    'init:Be process 1 of a small VM\: mount, bring the network up, keep an agent running'
    'initramfs:Make what a kernel starts a VM from\: this executable and a diamond.conf, nothing else'
    'completions:Print what bash, zsh or fish needs to complete this command line'
    'record:Keep what a collector reads of this host, to test it with'
    'test:Run a collector on what `record` kept, and compare with what it published'
    'hostname:Tell what each hostname_method gives on this host'
    'mysql-schema:Print the table that MySQLHandler writes to'
    'spool:List, verify, export, replay or drop what waits on disk'
    'replay:Send an archive of Graphite lines again'
    'version:Tell version, commit, target and runtime'
    'help:This, or the flags and examples of one command'
  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
    run) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '(-f --foreground)'{-f,--foreground}'[Stay in this terminal; write no pid file]' '(-l --log-stdout)'{-l,--log-stdout}'[Log to stdout too]' '(-p --pidfile)'{-p,--pidfile}'[Instead of \[server\] pid_file]:file:_files' '(-u --user)'{-u,--user}'[Instead of \[server\] user]:value: ' '(-g --group)'{-g,--group}'[Instead of \[server\] group]:value: ' '--skip-pidfile[Neither check nor write a pid file; keep the user]' '--skip-change-user[Keep the user]' '--debug[Log everything, and check the ledgers after each tick]' '--skip-fork[Stay in this terminal, but write the pid file]' '--procfs[Read this instead of /proc]:folder:_files -/' '--sysfs[Read this instead of /sys]:folder:_files -/' '--rootfs[Read files and mounts below this instead of /]:folder:_files -/' '*:file:_files' ;;
    status) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '(-p --pidfile)'{-p,--pidfile}'[As it was given to run]:file:_files' '--socket[Where the agent answers, instead of what the configuration says]:value: ' '--json[As JSON]' '*:file:_files' ;;
    reload) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '(-p --pidfile)'{-p,--pidfile}'[As it was given to run]:file:_files' '--socket[Where the agent answers, instead of what the configuration says]:value: ' '*:file:_files' ;;
    collect) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '--all[Every collector there is]' '--rounds[Run N times (default 1); rates need two]:value: ' '--round-interval-ms[Milliseconds between rounds (default 1000)]:value: ' '--json[One JSON object a line, with all fields]' '--procfs[Read this instead of /proc]:folder:_files -/' '--sysfs[Read this instead of /sys]:folder:_files -/' '--rootfs[Read files and mounts below this instead of /]:folder:_files -/' '*:name:_diamond_agent_names' ;;
    check) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '--strict[Exit status 1 for warnings too]' '--print[Print the effective configuration, with the line each value came from]' '--dump-json[Print one file'\''s tree as JSON, and check nothing else]:file:_files' '*:file:_files' ;;
    list) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '--json[As JSON]' '*:file:_files' ;;
    describe) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '*:name:_diamond_agent_names' ;;
    new) _arguments '--dir[Where to (default\: here)]:folder:_files -/' '*:word:(collector)' ;;
    types) _arguments '*:file:_files' ;;
    service) _arguments '--type[One of systemd, openrc, sysv, launchd, windows (default\: this machine'\''s)]:value: ' '--root[Write below this folder, and start nothing\: for images]:folder:_files -/' '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '*:word:(install remove print)' ;;
    init) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '--restart[Restart the machine at the end, not power it off]' '*:file:_files' ;;
    initramfs) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '*:file:_files' ;;
    completions) _arguments '*:word:(bash zsh fish)' ;;
    record) _arguments '--seconds[Seconds between the two runs (default 10)]:value: ' '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '*:name:_diamond_agent_names' ;;
    test) _arguments '--update[Write DIR/metrics.txt anew\: look at the difference]' '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '*:name:_diamond_agent_names' ;;
    hostname) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '*:file:_files' ;;
    mysql-schema) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '*:file:_files' ;;
    spool) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '(-p --pidfile)'{-p,--pidfile}'[As it was given to run]:file:_files' '--socket[Where the agent answers, instead of what the configuration says]:value: ' '--path[The folder of the spools, instead of \[server\] spool_path]:folder:_files -/' '--json[ls\: as JSON]' '--yes[drop\: yes, give it up]' '*:word:(ls verify export replay drop)' ;;
    replay) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '--handler[The handler to send by]:value: ' '--since[Only from this time on]:value: ' '--until[Only before this time]:value: ' '--match[Only paths that match]:value: ' '--rate[Lines a second, 0\: as fast as it goes (default 10000)]:value: ' '--restart[From the beginning, not from where it stopped]' '*:file:_files' ;;
    version) _arguments '--json[As JSON]' '*:file:_files' ;;
    help) _describe command commands ;;
  esac
}
# Sourced, or loaded from a folder of functions.
if [ "$funcstack[1]" = _diamond_agent ]; then _diamond_agent "$@"; else compdef _diamond_agent diamond-agent; fi
