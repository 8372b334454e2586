"""Answer one signature of a SavedModel through TensorFlow's C interface, without its Python.

Run as a script: `python -I c_runtime.py REQUEST_FILE`, a JSON file with

    {"runtime": [libraries to load, in order], "operations": [libraries of further operations],
     "folder": the SavedModel, "feed": "serving_default_text:0", "texts": [..., {"b64": "..."}]
     or "numbers": nested lists of floats,
     "fetch": {"scores": "StatefulPartitionedCall:2", ...}}

where further inputs, or all of them, may be

    "numbers": {"serving_default_values:0": {"type": "float32", "shape": [...], "values": [...]}}

of float32 or int64, and prints {"outputs": {name: nested lists}, "modules": tensorflow's Python
modules in memory}.

Why: TF_LoadSessionFromSavedModel is the loader that TF Serving uses. It reads the graph, runs its
initialisation and restores its variables with no Python object to lean on, so an export that
forgot a table or a variable fails here although `tf.saved_model.load` may still answer.
"""

import base64
import ctypes
import json
import sys
from ctypes import POINTER, c_char_p, c_int, c_int64, c_size_t, c_uint8, c_void_p
from pathlib import Path

FLOAT, INTEGER, STRING, LONG = 1, 3, 7, 9  # TF_DataType
STRING_BYTES = 24  # sizeof(TF_TString): a string tensor is an array of these structs
FETCHED_BYTES = {FLOAT: 4, INTEGER: 4, STRING: STRING_BYTES}
NUMBERS = {FLOAT: ctypes.c_float, INTEGER: ctypes.c_int32, LONG: ctypes.c_int64}
KINDS = {"float32": FLOAT, "int64": LONG}  # that are fed


class Output(ctypes.Structure):
    """TF_Output: one output of one operation of the graph."""

    _fields_ = (("operation", c_void_p), ("index", c_int))


# What a function gives and takes. Without this ctypes would cut pointers down to 32 bits.
PROTOTYPES = {
    "TF_NewStatus": (c_void_p, []),
    "TF_GetCode": (c_int, [c_void_p]),
    "TF_Message": (c_char_p, [c_void_p]),
    "TF_NewGraph": (c_void_p, []),
    "TF_NewSessionOptions": (c_void_p, []),
    "TF_LoadLibrary": (c_void_p, [c_char_p, c_void_p]),
    "TF_LoadSessionFromSavedModel": (
        c_void_p,
        [c_void_p, c_void_p, c_char_p, POINTER(c_char_p), c_int, c_void_p, c_void_p, c_void_p],
    ),
    "TF_GraphOperationByName": (c_void_p, [c_void_p, c_char_p]),
    "TF_AllocateTensor": (c_void_p, [c_int, POINTER(c_int64), c_int, c_size_t]),
    "TF_TensorData": (c_void_p, [c_void_p]),
    "TF_TensorType": (c_int, [c_void_p]),
    "TF_NumDims": (c_int, [c_void_p]),
    "TF_Dim": (c_int64, [c_void_p, c_int]),
    "TF_TensorByteSize": (c_size_t, [c_void_p]),
    "TF_StringInit": (None, [c_void_p]),
    "TF_StringCopy": (None, [c_void_p, c_char_p, c_size_t]),
    "TF_StringGetDataPointer": (POINTER(c_uint8), [c_void_p]),
    "TF_StringGetSize": (c_size_t, [c_void_p]),
    "TF_SessionRun": (
        None,
        [
            c_void_p, c_void_p,  # session, run options
            POINTER(Output), POINTER(c_void_p), c_int,  # feeds
            POINTER(Output), POINTER(c_void_p), c_int,  # fetches
            c_void_p, c_int, c_void_p, c_void_p,  # targets, metadata, status
        ],
    ),
}  # fmt: skip


class Runtime:
    """A few calls of TensorFlow's C interface; nothing is freed, the process ends soon."""

    def __init__(self, libraries):
        # libtensorflow_cc needs symbols of libtensorflow_framework, and so do the libraries of
        # operations, which know no path to it: RTLD_GLOBAL shows them the one in memory.
        for library in libraries:
            self.library = ctypes.CDLL(library, ctypes.RTLD_GLOBAL)
        for name, (gives, takes) in PROTOTYPES.items():
            function = getattr(self.library, name)
            function.restype, function.argtypes = gives, takes
        self.status = self.library.TF_NewStatus()
        self.graph = self.library.TF_NewGraph()

    def check(self):
        if self.library.TF_GetCode(self.status):
            raise SystemExit(self.library.TF_Message(self.status).decode())

    def add_operations(self, library):
        self.library.TF_LoadLibrary(library.encode(), self.status)
        self.check()

    def load(self, folder):
        tags = (c_char_p * 1)(b"serve")
        options = self.library.TF_NewSessionOptions()
        self.session = self.library.TF_LoadSessionFromSavedModel(
            options, None, folder.encode(), tags, 1, self.graph, None, self.status
        )
        self.check()

    def output(self, name):
        """ "StatefulPartitionedCall:2" -> that output of the graph."""
        operation, _, index = name.partition(":")
        found = self.library.TF_GraphOperationByName(self.graph, operation.encode())
        if not found:
            raise SystemExit(f"the graph has no operation {operation!r}")
        return Output(found, int(index))

    def strings(self, values):
        """A list of bytes -> a string tensor [values]."""
        shape = (c_int64 * 1)(len(values))
        tensor = self.library.TF_AllocateTensor(STRING, shape, 1, STRING_BYTES * len(values))
        start = self.library.TF_TensorData(tensor)
        for position, value in enumerate(values):
            place, content = start + position * STRING_BYTES, value
            # The memory is raw: an uninitialised struct would be freed as if it held a string.
            self.library.TF_StringInit(place)
            self.library.TF_StringCopy(place, content, len(content))
        return tensor

    def numbers(self, kind, shape, values):
        """A flat list of numbers -> a tensor of that shape."""
        number = KINDS[kind]
        content = (NUMBERS[number] * len(values))(*values)
        size = ctypes.sizeof(content)
        tensor = self.library.TF_AllocateTensor(
            number, (c_int64 * len(shape))(*shape), len(shape), size
        )
        ctypes.memmove(self.library.TF_TensorData(tensor), content, size)
        return tensor

    def run(self, feeds, fetches):
        """Feed tensors by name, fetch several: their values as nested lists."""
        count, fed = len(fetches), len(feeds)
        wanted = (Output * count)(*(self.output(name) for name in fetches))
        given = (c_void_p * count)()
        self.library.TF_SessionRun(
            self.session, None,
            (Output * fed)(*map(self.output, feeds)), (c_void_p * fed)(*feeds.values()), fed,
            wanted, given, count,
            None, 0, None, self.status,
        )  # fmt: skip
        self.check()
        return [self.nested(tensor) for tensor in given]

    def nested(self, tensor):
        """A tensor of floats, whole numbers or strings -> nested lists."""
        library = self.library
        shape = [library.TF_Dim(tensor, axis) for axis in range(library.TF_NumDims(tensor))]
        kind, start = library.TF_TensorType(tensor), library.TF_TensorData(tensor)
        count = library.TF_TensorByteSize(tensor) // FETCHED_BYTES[kind]
        if kind in NUMBERS:
            values = list((NUMBERS[kind] * count).from_address(start)) if count else []
        else:
            values = [self.text(start + STRING_BYTES * i) for i in range(count)]
        for size in reversed(shape[1:]):
            values = [values[i : i + size] for i in range(0, len(values), size)]
        return values

    def text(self, place):
        size = self.library.TF_StringGetSize(place)
        return ctypes.string_at(self.library.TF_StringGetDataPointer(place), size).decode()


def main(file):
    request = json.loads(Path(file).read_text("utf-8"))
    runtime = Runtime(request["runtime"])
    for library in request["operations"]:
        runtime.add_operations(library)
    runtime.load(request["folder"])
    fetches = request["fetch"]
    feeds = {
        name: runtime.numbers(given["type"], given["shape"], given["values"])
        for name, given in request.get("numbers", {}).items()
    }
    if "feed" in request:
        feeds[request["feed"]] = runtime.strings(
            [
                base64.b64decode(each["b64"]) if isinstance(each, dict) else each.encode()
                for each in request["texts"]
            ]
        )
    values = runtime.run(feeds, fetches.values())
    modules = sorted(name for name in sys.modules if name.startswith("tensorflow"))
    outputs = dict(zip(fetches, values, strict=True))
    print(json.dumps({"outputs": outputs, "modules": modules}))


if __name__ == "__main__":
    main(sys.argv[1])
