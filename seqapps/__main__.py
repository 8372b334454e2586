"""`python -m seqapps`: the command line where the folder of scripts is not on the path."""

from seqapps.cli import main

main()
