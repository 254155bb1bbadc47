"""How good the lists are: exact metrics, bootstrap intervals, held-out measurements, and a report to read.

What is measured arrives as an argument (a fitter, a maker of weekly lists); this room knows no model.
"""

from unheard.evaluate.collaborative import Fitted, Fitter, measure
from unheard.evaluate.measurement import Measurement

__all__ = ["Fitted", "Fitter", "Measurement", "measure"]
