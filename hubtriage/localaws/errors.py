"""What can go wrong with the local AWS itself."""


class LocalCloudError(RuntimeError):
    """The local AWS did not start, ended, crashed inside, or did not come to rest in time."""
