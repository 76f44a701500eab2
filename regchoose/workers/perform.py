"""What another process does: the function that an order names, with the bytes that came along.

Nothing heavy is loaded here: the function's own module brings what it needs.
"""

from importlib import import_module

from regchoose.errors import RegchooseError, ResourceError, setting
from regchoose.version import __version__
from regchoose.workers.wire_format import pack_error

OURS = "regchoose."
WITHOUT_CLUSTER = "leave " + setting("cluster") + " out"
LESS_MEMORY = "fewer " + setting("rows") + ", or a smaller " + setting("hidden")


def perform(version: str, name: str, data: bytes) -> bytes:
    """Do a piece of work; an error that a person can act on is an answer.

    Parameters
    ----------
    version : str
        Of regchoose, where the order was written.
    name : str
        `module:function`, one of ours.
    """
    assert name.startswith(OURS), name
    try:
        if version != __version__:
            raise other_version(f"a worker has regchoose {__version__}", version)
        module, _, function = name.partition(":")
        found: bytes = getattr(import_module(module), function)(data)
    except RegchooseError as error:
        return pack_error(error)
    return found


def other_version(what: str, version: str) -> ResourceError:
    """Return E405 for a worker that would compute otherwise."""
    return ResourceError(
        "E405",
        f"{what}, and regchoose {version} asks it for work",
        detail=["all workers must have the same releases, or they may come to other numbers"],
        fix=f"pip install regchoose=={version} on the workers" | WITHOUT_CLUSTER,
    )
