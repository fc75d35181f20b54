"""The command line: each command a few lines over :mod:`fieldvae.workflow`."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from fieldvae.cli.terminal import spare_terminals
from fieldvae.errors import FieldvaeError, InputError

FAILED, WRONG_INPUT, INTERRUPTED = 1, 2, 130


def main() -> None:
    """Run the command line; exit codes as in ``docs/reference/cli.md``."""
    from fieldvae.cli.app import app

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    spare_terminals()
    for name in ("SIGTERM", "SIGUSR1", "SIGBREAK"):  # the second is not on Windows, the last only
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), interrupt)
    from fieldvae.cli.usage import USAGE_ERROR, run_app, told

    try:
        sys.exit(run_app(app))
    except USAGE_ERROR as error:
        if words := told(error):
            print(words, file=sys.stderr)
        sys.exit(WRONG_INPUT)
    except InputError as error:
        sys.exit(_told(error, WRONG_INPUT))
    except FieldvaeError as error:
        sys.exit(_told(error, FAILED))
    except BrokenPipeError:  # the reader of a pipe has gone: nothing to tell, nobody to tell it to
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)


def _told(error: FieldvaeError, code: int) -> int:
    print(f"{error}", file=sys.stderr)
    return code
