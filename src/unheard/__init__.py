"""Music discovery that anyone can run: 30 unheard tracks a week for each listener, with their reasons."""

from __future__ import annotations

__version__ = "0.1.0"
