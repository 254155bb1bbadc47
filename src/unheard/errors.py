"""Every error that unheard raises on purpose.

    UnheardError                 the root; the command line prints its message and exits with 1
    ├── UsageError               the command was used wrongly; exits with 2
    ├── InputError               something from outside cannot be taken: a file, a column, a value
    │   └── SourceError          a whole file of a source is refused (rows are skipped and counted instead)
    ├── ConfigError              unheard.toml holds an unknown or impossible setting
    ├── WorkspaceError           the folder is no workspace, is of another version, or is in use
    ├── NotTrainedError          a command needs a stage that has not run yet
    ├── UnknownIdError           a listener or track that the data does not hold
    └── ModelError               a model cannot be fitted to this data

A message names the value, the rule and the way out.
"""

from __future__ import annotations


class UnheardError(Exception):
    """Root of all expected errors."""


class UsageError(UnheardError):
    """The command or function was called in a way that cannot mean anything."""


class InputError(UnheardError):
    """Something from outside is not what it must be."""


class SourceError(InputError):
    """A source's file is refused as a whole; nothing of it was stored."""


class ConfigError(UnheardError):
    """A setting is unknown or out of its range."""


class WorkspaceError(UnheardError):
    """The workspace is missing, of another version, damaged or in use."""


class NotTrainedError(UnheardError):
    """The stage that this command reads has not run yet."""


class UnknownIdError(UnheardError):
    """A listener or track is named that the data does not hold."""


class ModelError(UnheardError):
    """A model cannot be fitted to this data or gave something that is not finite."""
