"""How good the lists are: exact metrics, bootstrap intervals, held-out measurements, and a report to read.

What is measured arrives as an argument (a fitter, a maker of weekly lists); this room knows no model.
"""

from unheard.evaluate.collaborative import Fitted, Fitter, measure
from unheard.evaluate.measurement import Measurement
from unheard.evaluate.weekly import Maker, Past, measure_weekly, popularity

__all__ = ["Fitted", "Fitter", "Maker", "Measurement", "Past", "measure", "measure_weekly", "popularity"]
