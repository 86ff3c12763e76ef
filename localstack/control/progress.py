"""What a command says while it works."""

import time


def tell(what: str, began: float) -> None:
    """One line of progress, with the seconds since the beginning."""
    print(f"{time.monotonic() - began:6.1f} s  {what}", flush=True)
