# The module `diamond.convertor`: values that know their unit.

import re

def _power(names, base):
    factors = {}
    for exponent, group in enumerate(names.split("|")):
        for name in group.split():
            factors[name] = base ** exponent
    return factors


BITS = _power("bit b|kilobit kbit Kibit|megabit Mbit Mibit|gigabit Gbit Gibit|terabit Tbit Tibit|"
              "petabit Pbit Pibit|exabit Ebit Eibit|zettabit Zbit Zibit|yottabit Ybit Yibit", 1024)
BITS.update((name, 8 * factor) for name, factor in _power(
    "byte B|kilobyte kB KiB|megabyte MB MiB Mbyte|gigabyte GB GiB|terabyte TB TiB|"
    "petabyte PB PiB|exabyte EB EiB|zettabyte ZB ZiB|yottabyte YB YiB", 1024).items())
BITS[""] = BITS[None] = 1

MILLISECONDS = {"": 1.0, None: 1.0}
for _names, _factor in (("millisecond milliseconds ms", 1.0), ("second seconds s", 1e3),
                        ("minute minutes m", 6e4), ("hour hours h", 3.6e6),
                        ("day days d", 8.64e7), ("year years y", 3.1536e10),
                        ("microsecond microseconds us", 1e-3), ("nanosecond nanoseconds ns", 1e-6)):
    for _name in _names.split():
        MILLISECONDS[_name] = _factor


class Unit(object):
    FACTORS = {}

    def __init__(self, value=None, unit=None):
        self.base = None
        self.set(value, unit)

    @classmethod
    def convert(cls, value, oldUnit, newUnit):
        return cls(value, oldUnit).get(newUnit)

    def set(self, value, unit=None):
        if value is not None:
            self.base = float(value) * self.factor(unit)

    def get(self, unit=None):
        return self.base / self.factor(unit)

    def factor(self, unit):
        if unit not in self.FACTORS:
            raise NotImplementedError("Unknown unit %s" % unit)
        return self.FACTORS[unit]

    def __getattr__(self, unit):
        if unit.startswith("__") or self.FACTORS.get(unit) is None:
            raise AttributeError(unit)

        def convert(value=None):
            return self.get(unit) if value is None else self.set(value, unit)
        return convert


class binary(Unit):
    FACTORS = BITS


class time_unit(Unit):
    FACTORS = MILLISECONDS

    def factor(self, unit):
        return Unit.factor(self, unit.lower() if unit else unit)


def camelcase_to_underscore(name):
    return re.sub("([a-z0-9])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)).lower()
