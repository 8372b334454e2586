"""`seqapps check TASK`."""
import click
command = click.Command("check")
