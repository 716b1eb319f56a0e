# Becomes the user that the agent runs as.

import os


def become(user, group):
    """The same as the agent: the user's groups and no others."""
    import grp
    import pwd
    if not user and not group:
        return
    entry = None
    if user:
        entry = pwd.getpwuid(int(user)) if user.isdigit() else pwd.getpwnam(user)
    gid = entry.pw_gid if entry else os.getgid()
    if group:
        gid = int(group) if group.isdigit() else grp.getgrnam(group).gr_gid
    uid = entry.pw_uid if entry else os.getuid()
    if (uid, gid) == (os.getuid(), os.getgid()):
        return
    if entry and os.getuid() == 0:
        os.initgroups(entry.pw_name, gid)
    os.setgid(gid)
    os.setuid(uid)
