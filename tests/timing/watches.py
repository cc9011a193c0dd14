"""A timer that a test turns, and requests that take as long as a test says."""

from __future__ import annotations


class Request:
    """Sending takes `seconds`, which is the answer too; taking it away takes as long as the watch says."""

    def __init__(self, watch, name, number, seconds):
        self.watch, self.name, self.number, self.seconds = watch, name, number, seconds

    def send(self):
        self.watch.requests.append((self.name, self.number))
        self.watch.now += self.seconds

    def take(self):
        self.watch.now += self.watch.taking
        return self.seconds


class Watch:
    """A timer that stands still but for what it is told to let pass."""

    def __init__(self):
        self.now = 100.0
        self.taking = 0.0
        self.requests = []

    def __call__(self):
        return self.now

    def subject(self, seconds, name="model", preparation=0.0):
        """Requests of which number i takes ``seconds(i)``, made ready in `preparation`."""

        def prepare(number):
            self.now += preparation

            return Request(self, name, number, seconds(number))

        return prepare
