"""Where calibration gets its data from."""

from __future__ import annotations

from typing import Any


class Calibrator:
    """Representative inputs for calibrate(), and where its cache lies: derive, and give an object.

    Its functions are called from the thread that calls calibrate(). What they raise comes out of it.
    """

    batch_size: int = 1  # samples in a batch; written into the table
    batch_count: int = 0  # batches in all, for progress; 0: unknown

    def next_batch(self) -> Any:
        """Arrays of all inputs in a dict by name, or the array of the only input; None when there are no more.
        Batches may differ in shape."""
        raise NotImplementedError

    def skip_batch(self) -> bool:
        """Passes over a batch that another shard or an interrupted run observes; False when there is none."""
        return self.next_batch() is not None

    def read_cache(self) -> str | None:
        """The text of a calibration cache, asked for first: where it fits, nothing is observed."""
        return None

    def write_cache(self, text: str) -> None:
        """Keeps a cache for the next time."""
