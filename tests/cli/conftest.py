"""The command line in this process."""

import pytest

from seqapps.cli import main


@pytest.fixture
def call(capsys):
    """Run the command line; (exit code, stdout, stderr)."""

    def run(*arguments):
        with pytest.raises(SystemExit) as exit_:
            main(list(arguments))
        captured = capsys.readouterr()
        return exit_.value.code or 0, captured.out, captured.err

    return run
