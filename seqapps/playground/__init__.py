"""A page for each served model, made of what its bundle declares: type, ask, see the answer."""

from seqapps.playground.site import Models as Models
from seqapps.playground.site import routes as routes
