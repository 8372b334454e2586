"""Progress that remembers what is said."""

from seqapps.progress import Progress


class Told(Progress):
    """`lines` are what was said, in order."""

    def __init__(self):
        self.lines = []

    def say(self, line):
        self.lines.append(line)
