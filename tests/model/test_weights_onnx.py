"""ONNX files: which tensors are parameters, and data that is not what it says."""

import struct

import pytest

from gradiometer.errors import GradiometerError, LimitError, StudyError
from gradiometer.model import read_weights
from model.weights_files import (
    attribute,
    external,
    field,
    floats,
    graph,
    node,
    tensor,
    write_onnx,
)


def kinds(model):
    return {tensor.name: tensor.kind for tensor in model.tensors}


def read(tmp_path, *, functions=(), **parts):
    return read_weights(write_onnx(tmp_path / "a.onnx", graph(**parts), functions=functions))


def test_a_use_decides_what_is_a_parameter(tmp_path):
    nodes = [
        node("MatMul", ["x", "val_1"], ["y"]),
        node("Add", ["y", "val_2"], ["z"]),
        node("Mul", ["z", "/Constant_3"], ["u"]),
        node("Mul", ["u", "block.gamma"], ["v"]),
        node("BatchNormalization", ["v", "s", "b", "m", "n"], ["w"]),
        node("Reshape", ["w", "shape"], ["q"]),
        node("Transpose", ["val_4"], ["t"]),
        node("Gemm", ["q", "t"], ["out"]),
    ]
    shapes = {"val_1": (3, 4), "val_2": (4,), "/Constant_3": (1,), "block.gamma": (4, 1, 1)}
    shapes |= {"val_4": (2, 4), **dict.fromkeys("sbmn", (4,)), "unused": (9,)}
    rows = [floats(name, shape) for name, shape in shapes.items()]
    rows.append(tensor("shape", (2,), code=7, raw=bytes(16)))
    model = read(tmp_path, nodes=nodes, initializers=rows)
    learned = {name for name, kind in kinds(model).items() if kind == "parameter"}
    assert learned == {"val_1", "val_2", "block.gamma", "val_4", "s", "b"}
    assert {name for name, kind in kinds(model).items() if kind == "buffer"} == {"m", "n"}
    assert all(tensor.note for tensor in model.tensors)
    assert "does not mark parameters" in model.notes[0]


def test_weights_in_constant_nodes_are_counted(tmp_path):
    nodes = [
        node("Constant", [], ["w"], attributes=[attribute("value", 5, floats("", (3, 4)))]),
        node("Constant", [], ["k"], attributes=[attribute("value_floats", 7, bytes(20))]),
        node("Constant", [], ["f"], attributes=[attribute("value_float", 2, 1.5)]),
        node("Constant", [], ["i"], attributes=[attribute("value_int", 3, 7)]),
        node("Constant", [], ["n"], attributes=[attribute("value_ints", 8, b"\x01\xff\x01\x02")]),
        node("MatMul", ["x", "w"], ["y"]),
        node("Add", ["y", "k"], ["z"]),
    ]
    model = read(tmp_path, nodes=nodes)
    counts = {tensor.name: (tensor.count, tensor.kind) for tensor in model.tensors}
    assert counts == {
        "w": (12, "parameter"),
        "k": (5, "parameter"),
        "f": (1, "constant"),
        "i": (1, "constant"),
        "n": (3, "constant"),
    }


def test_inner_graphs_and_functions_are_followed(tmp_path):
    inner = graph(nodes=[node("MatMul", ["x", "w"], ["y"])], initializers=[floats("w", (2, 2))])
    deeper = graph(
        nodes=[node("If", ["c"], ["z"], attributes=[attribute("then_branch", 6, inner)])]
    )
    body = node("MatMul", ["a", "b"], ["c"])
    function = b"".join([field(1, "dense"), field(4, "a"), field(4, "b"), field(7, body)])
    function += field(10, "own")
    nodes = [
        node("Loop", ["n"], ["o"], name="loop", attributes=[attribute("body", 6, deeper)]),
        node("dense", ["x", "v"], ["p"], domain="own"),
    ]
    model = read(tmp_path, nodes=nodes, initializers=[floats("v", (3, 3))], functions=[function])
    assert kinds(model) == {"loop.body/z.then_branch/w": "parameter", "v": "parameter"}
    assert model.count() == 13


def test_a_quantized_weight_is_a_parameter_and_its_scale_is_not(tmp_path):
    nodes = [
        node("DequantizeLinear", ["q", "scale", "zero"], ["w"]),
        node("MatMul", ["x", "w"], ["y"]),
        node("MatMulNBits", ["y", "packed", "scales"], ["z"]),
    ]
    rows = [tensor("q", (4, 4), code=3, raw=bytes(16)), floats("scale", ()), floats("scales", (2,))]
    rows += [tensor("zero", (), code=3, raw=bytes(1)), tensor("packed", (8,), code=2, raw=bytes(8))]
    model = read(tmp_path, nodes=nodes, initializers=rows)
    found = kinds(model)
    assert (found["q"], found["scale"], found["zero"]) == ("parameter", "buffer", "buffer")
    assert next(tensor for tensor in model.tensors if tensor.name == "packed").count is None
    assert model.count() is None


def test_sparse_tensors_are_counted_by_what_is_stored(tmp_path):
    sparse = field(1, floats("w", (3,))) + field(2, tensor("", (3,), code=7, raw=bytes(24)))
    sparse += field(3, 100)
    model = read(tmp_path, nodes=[node("MatMul", ["x", "w"], ["y"])], sparse=[sparse])
    assert (model.count(), "sparse" in model.tensors[0].note) == (3, True)


TYPED = [
    (1, 4, struct.pack("<3f", 1, 2, 3), (3,)),
    (14, 4, struct.pack("<4f", 1, 2, 3, 4), (2,)),
    (11, 10, struct.pack("<2d", 1, 2), (2,)),
    (7, 7, b"\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x05", (3,)),
    (10, 5, b"\x80\x01\x02", (2,)),
    (22, 5, b"\x80\x01\x02", (3,)),
    (25, 5, b"\x80\x01\x02", (7,)),
    (13, 11, b"\x01\x02", (2,)),
]


@pytest.mark.parametrize(("code", "number", "packed", "shape"), TYPED)
def test_typed_fields_must_fill_the_shape(tmp_path, code, number, packed, shape):
    row = tensor("w", shape, code=code, more=field(number, packed))
    assert read(tmp_path, initializers=[row]).tensors[0].shape == shape
    row = tensor("w", (shape[0] + 2,), code=code, more=field(number, packed))
    with pytest.raises(StudyError, match="do not fill"):
        read(tmp_path, initializers=[row])


def test_unpacked_typed_fields_are_counted(tmp_path):
    rows = [tensor("a", (2,), more=field(4, 1.0) + field(4, 2.0))]
    rows += [tensor("b", (2,), code=8, more=field(6, "one") + field(6, "two"))]
    model = read(tmp_path, initializers=rows)
    assert [(tensor.count, tensor.bytes) for tensor in model.tensors] == [(2, 8), (2, 6)]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (tensor("w", (2,), raw=bytes(7)), "do not fill its 7 bytes"),
        (tensor("w", (2**62, 4), raw=b""), "more than 2^63"),
        (tensor("w", (-1,), raw=b""), "negative size"),
        (tensor("w", (1,), code=99, raw=b"1"), "type 99"),
        (tensor("w", (1,) * 65, raw=bytes(4)), "more than 64 axes"),
        (tensor("w", (2,)), "do not fill 0 entries"),
    ],
)
def test_a_tensor_that_lies_is_refused(tmp_path, row, says):
    with pytest.raises(StudyError, match="Tensor `") as caught:
        read(tmp_path, initializers=[row])
    assert says in caught.value.problem
    assert ", byte " in str(caught.value.place)


def test_a_tensor_without_elements_is_counted_as_none(tmp_path):
    rows = [tensor("w", (0, 2**40), raw=b""), tensor("v", (0,))]
    assert [row.count for row in read(tmp_path, initializers=rows).tensors] == [0, 0]


def test_data_beside_the_model_is_measured_and_shared(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "w.bin").write_bytes(bytes(100))
    rows = [
        external("a", (4,), location="sub/w.bin", offset=4, length=16),
        external("b", (2, 2), location="sub/w.bin", offset=4),
        external("c", (4,), location="sub/w.bin", offset=84),
    ]
    nodes = [node("MatMul", ["x", name], [f"y{name}"]) for name in "abc"]
    model = read(tmp_path, nodes=nodes, initializers=rows)
    assert [tensor.shared_with for tensor in model.tensors] == ["", "a", ""]
    assert model.count() == 8


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        ({"location": "none.bin"}, "`none.bin` is missing"),
        ({"location": "../w.bin"}, "outside the folder"),
        ({"location": "a/../../w.bin"}, "outside the folder"),
        ({"location": "/etc/passwd"}, "outside the folder"),
        ({"location": "..\\w.bin"}, "outside the folder"),
        ({"location": "C:\\w.bin"}, "outside the folder"),
        ({"location": ""}, "outside the folder"),
        ({}, "outside the folder"),
        ({"location": "w.bin", "offset": -1}, "no whole number"),
        ({"location": "w.bin", "offset": "9" * 30}, "no whole number"),
        ({"location": "w.bin", "length": 15}, "needs 16 bytes"),
        ({"location": "w.bin", "offset": 5}, "ends at byte 21"),
    ],
)
def test_data_elsewhere_is_refused(tmp_path, pairs, says):
    (tmp_path / "w.bin").write_bytes(bytes(20))
    with pytest.raises(StudyError, match="Tensor `w`") as caught:
        read(tmp_path, initializers=[external("w", (4,), **pairs)])
    assert says in caught.value.problem


def test_two_tensors_of_one_name_are_refused(tmp_path):
    with pytest.raises(StudyError, match="twice"):
        read(tmp_path, initializers=[floats("w", (1,)), floats("w", (1,))])


def test_graphs_a_thousand_deep_are_refused(tmp_path):
    whole = graph()
    for _ in range(1000):
        whole = graph(nodes=[node("If", [], [], attributes=[attribute("then_branch", 6, whole)])])
    with pytest.raises(LimitError, match="inside one another"):
        read_weights(write_onnx(tmp_path / "a.onnx", whole))


@pytest.mark.parametrize(
    "data",
    [b"", b"\x08\x0a", b"\x08\x0a\x3a\xff\xff\xff\xff\x0f", b"\x00\x00", b"\xff" * 40, b"\x0b"],
)
def test_what_is_no_message_is_refused(tmp_path, data):
    path = tmp_path / "a.onnx"
    path.write_bytes(data)
    with pytest.raises(GradiometerError):
        read_weights(path)
