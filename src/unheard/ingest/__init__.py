"""What sources say -> rows of our tables; one file per source, each with its quirks.

path -> detect(path) -> Reader.read(path, options, tally) -> Rows, Rows, ...
"""

from unheard.ingest.contract import MINUTE_SOURCES, Fault, Reader, ReadOptions, Rows, Sample, Tally
from unheard.ingest.detect import READERS, detect, find, reader

__all__ = [
    "MINUTE_SOURCES",
    "READERS",
    "Fault",
    "ReadOptions",
    "Reader",
    "Rows",
    "Sample",
    "Tally",
    "detect",
    "find",
    "reader",
]
