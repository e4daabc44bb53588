"""stub."""


class Evidence:
    def __init__(self, *a, **k):
        pass

    def collect(self, check):
        return ()
