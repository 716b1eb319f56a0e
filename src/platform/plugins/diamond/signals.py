# The module `diamond.utils.signals`: what a run's deadline raises in the collector.

import signal


class SignalException(Exception):
    pass


class SIGALRMException(SignalException):
    pass


class SIGHUPException(SignalException):
    pass


class SIGUSR1Exception(SignalException):
    pass


class SIGUSR2Exception(SignalException):
    pass


def signal_to_exception(signum, frame):
    for name in ("SIGALRM", "SIGHUP", "SIGUSR1", "SIGUSR2"):
        if signum == getattr(signal, name):
            raise globals()[name + "Exception"]()
    raise SignalException(signum)
