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
    'run:Run the agent\: collect metrics and ship them'
    'status:Show the state of the running agent\: collectors, handlers, backlog'
    'top:Watch the running agent and its host in this terminal'
    'tap:Print points as they are delivered\: path, value, timestamp'
    'reload:Reload the configuration of the running agent, and print what changed'
    'spool:Manage what waits on disk'
    'replay:Send an archive of Graphite lines again'
    'check:Report all problems of a configuration, with file and line'
    'collect:Run collectors, enabled or not, and print their metrics'
    'explain:Explain a metric, collector or handler\: where it comes from, where it goes, why it is not there'
    'list:List the collectors and handlers'
    'describe:Describe a collector or handler\: its options, metrics and sources'
    'hostname:Show what each hostname_method gives on this host'
    'schema:Print the table that a handler for a database writes to'
    'support-bundle:Write status, configuration, log and host facts into one archive, without secrets'
    'version:Show version, commit, target and runtime'
    'new:Write a collector to begin with, its settings and a test'
    'types:Write the types for plugins, so that editors complete'
    'record:Keep what a collector reads and asks, to test it with'
    'test:Run a collector on a recording, and compare with what it published'
    'init-config:Print a configuration for this host, with collectors for the services that answer on it'
    'migrate:Show what a switch from python-diamond would change, before it is made'
    'config:Print a configuration with every option, or the sections of collectors and handlers'
    'service:Install the agent as a service\: systemd, OpenRC, SysV, launchd, Windows'
    'initramfs:Make what a kernel starts a VM from\: this executable and a diamond.conf, nothing else'
    'init:Run as process 1 of a minimal VM'
    'completions:Print completions for bash, zsh or fish'
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
    run) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '(-f --foreground)'{-f,--foreground}'[Stay in this terminal; write no pid file]' '(-l --log-stdout)'{-l,--log-stdout}'[Log to stdout too]' '(-p --pidfile)'{-p,--pidfile}'[Instead of \[server\] pid_file]:file:_files' '(-u --user)'{-u,--user}'[Instead of \[server\] user]:value: ' '(-g --group)'{-g,--group}'[Instead of \[server\] group]:value: ' '--skip-pidfile[Neither check nor write a pid file; keep the user]' '--skip-change-user[Keep the user]' '--debug[Log everything, and check the ledgers after each tick]' '--with-stdin[Stop when stdin ends, as it does with the program at its other end]' '--skip-fork[Stay in this terminal, but write the pid file]' '--page[Serve the page, at 127.0.0.1\:9125 or this address, instead of \[server\] page]:value: ' '--procfs[Read this instead of /proc]:folder:_files -/' '--sysfs[Read this instead of /sys]:folder:_files -/' '--rootfs[Read files and mounts below this instead of /]:folder:_files -/' '*:file:_files' ;;
    status) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '(-p --pidfile)'{-p,--pidfile}'[As it was given to run]:file:_files' '--socket[Where the agent answers, instead of what the configuration says]:value: ' '--json[As JSON]' '*:file:_files' ;;
    top) _arguments '--at[Begin at this time of the history\: 03\:12, -2h, 2026-11-28T03\:12]:value: ' '--match[Metrics that match, or contain these words]:value: ' '--interval[Between two looks at the agent (default 2)]:value: ' '--once[Print all of it once, as without a terminal]' '--ascii[Draw with ASCII alone]' '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '(-p --pidfile)'{-p,--pidfile}'[As it was given to run]:file:_files' '--socket[Where the agent answers, instead of what the configuration says]:value: ' '*:file:_files' ;;
    tap) _arguments '--match[Only paths that match, or contain these words]:value: ' '--handler[What this handler'\''s backend has taken; absent\: what all handlers get]:value: ' '--count[End after so many points]:value: ' '--json[One JSON object a line, with all fields]' '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '(-p --pidfile)'{-p,--pidfile}'[As it was given to run]:file:_files' '--socket[Where the agent answers, instead of what the configuration says]:value: ' '*:file:_files' ;;
    reload) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '(-p --pidfile)'{-p,--pidfile}'[As it was given to run]:file:_files' '--socket[Where the agent answers, instead of what the configuration says]:value: ' '--json[As JSON]' '*:file:_files' ;;
    spool) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '(-p --pidfile)'{-p,--pidfile}'[As it was given to run]:file:_files' '--socket[Where the agent answers, instead of what the configuration says]:value: ' '--path[The folder of the spools, instead of \[server\] spool_path]:folder:_files -/' '--json[ls\: as JSON]' '--yes[drop\: yes, give it up]' '*:word:(ls verify export replay drop)' ;;
    replay) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '--handler[The handler to send by]:value: ' '--since[Only from this time on]:value: ' '--until[Only before this time]:value: ' '--match[Only paths that match]:value: ' '--rate[Lines a second, 0\: as fast as it goes (default 10000)]:value: ' '--restart[From the beginning, not from where it stopped]' '*:file:_files' ;;
    check) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '--strict[Exit status 1 for warnings too]' '--print[Print the effective configuration, with the line each value came from]' '--connect[Also reach each handler'\''s backend, and look at what the agent writes]' '--write[With --connect\: deliver one test point]' '--json[Print the problems, and what is enabled, as JSON]' '--dump-json[Print one file'\''s tree as JSON, and check nothing else]:file:_files' '*:file:_files' ;;
    collect) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '--all[Every collector there is]' '--rounds[Run N times and print each; absent\: once, or twice where there are rates]:value: ' '--round-interval-ms[Milliseconds between rounds (default 1000)]:value: ' '--json[One JSON object a line, with all fields]' '--procfs[Read this instead of /proc]:folder:_files -/' '--sysfs[Read this instead of /sys]:folder:_files -/' '--rootfs[Read files and mounts below this instead of /]:folder:_files -/' '*:name:_diamond_agent_names' ;;
    explain) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '(-p --pidfile)'{-p,--pidfile}'[As it was given to run]:file:_files' '--socket[Where the agent answers, instead of what the configuration says]:value: ' '--procfs[Read this instead of /proc]:folder:_files -/' '--sysfs[Read this instead of /sys]:folder:_files -/' '--rootfs[Read files and mounts below this instead of /]:folder:_files -/' '--json[As JSON]' '*:file:_files' ;;
    list) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '--json[As JSON]' '*:file:_files' ;;
    describe) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '*:name:_diamond_agent_names' ;;
    hostname) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '--json[As JSON]' '*:file:_files' ;;
    schema) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '*:word:(mysql clickhouse)' ;;
    support-bundle) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '(-p --pidfile)'{-p,--pidfile}'[As it was given to run]:file:_files' '--socket[Where the agent answers, instead of what the configuration says]:value: ' '*:file:_files' ;;
    version) _arguments '--json[As JSON]' '--licenses[Print the licences of the packages in it instead]' '*:file:_files' ;;
    new) _arguments '--dir[Where to (default\: here)]:folder:_files -/' '*:word:(collector)' ;;
    types) _arguments '*:file:_files' ;;
    record) _arguments '--seconds[Seconds between the two runs (default 10)]:value: ' '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '*:name:_diamond_agent_names' ;;
    test) _arguments '--update[Write DIR/metrics.txt again\: look at the difference]' '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '*:name:_diamond_agent_names' ;;
    init-config) _arguments '--graphite[Send to this Graphite (default\: into a file)]:value: ' '--procfs[Read this instead of /proc]:folder:_files -/' '--sysfs[Read this instead of /sys]:folder:_files -/' '--rootfs[Read files and mounts below this instead of /]:folder:_files -/' '*:file:_files' ;;
    migrate) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '--archive[Compare with the log of python-diamond'\''s ArchiveHandler]:file:_files' '--whisper[Compare with Graphite'\''s files\: its storage/whisper, or a copy]:folder:_files -/' '--listen[Compare with what the old agent'\''s GraphiteHandler sends to this port of 127.0.0.1]:value: ' '--for[How long to collect, such as 30s or 10m (default 20s; 10m with --listen)]:value: ' '--procfs[Read this instead of /proc]:folder:_files -/' '--sysfs[Read this instead of /sys]:folder:_files -/' '--rootfs[Read files and mounts below this instead of /]:folder:_files -/' '--json[As JSON, with every difference]' '*:file:_files' ;;
    config) _arguments '--collector[Only this collector'\''s section]:value: ' '*:file:_files' ;;
    service) _arguments '--type[One of systemd, openrc, sysv, launchd, windows (default\: this machine'\''s)]:value: ' '--root[Write below this folder, and start nothing\: for images]:folder:_files -/' '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '*:word:(install remove print)' ;;
    initramfs) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '*:file:_files' ;;
    init) _arguments '(-c --configfile)'{-c,--configfile}'[The configuration]:file:_files' '--restart[Restart the machine at the end, not power it off]' '*:file:_files' ;;
    completions) _arguments '*:word:(bash zsh fish)' ;;
    help) _describe command commands ;;
  esac
}
# Sourced, or loaded from a folder of functions.
if [ "$funcstack[1]" = _diamond_agent ]; then _diamond_agent "$@"; else compdef _diamond_agent diamond-agent; fi
