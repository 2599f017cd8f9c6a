"""Records what tools that count networks say, as data for `test_counters.py`.

Run it with an environment that has PyTorch, TorchVision, Keras and the tools:
`KERAS_BACKEND=torch python tests/agreement/record_counters.py`.
Each case is the text of a network and the model of PyTorch that it describes.
"""

import contextlib
import io
import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import torch
from counted_models import CASES

DATA = Path(__file__).parent / "data" / "counters.json"
TOOLS = (
    "accelerate",
    "calflops",
    "fvcore",
    "ptflops",
    "thop",
    "torch",
    "torchinfo",
    "torchsummary",
)

MARK = "counted: "


def make_input(text):
    match = re.fullmatch(r"tokens\((\d+)\)", text)
    if match:
        return torch.zeros((1, int(match[1])), dtype=torch.int64)
    return torch.rand(1, *map(int, text.split("x")))


def count_torchinfo(model, x):
    import torchinfo

    found = torchinfo.summary(model, input_data=x, verbose=0)
    return {"parameters": found.total_params, "macs": found.total_mult_adds,
            "trainable": found.trainable_params}  # fmt: skip


def count_torchsummary(model, x):
    import torchsummary

    written = io.StringIO()
    with contextlib.redirect_stdout(written):
        # It adds a batch axis of two numbers itself, always of floats.
        torchsummary.summary(model, tuple(x.shape[1:]), device="cpu")
    text = written.getvalue().replace(",", "")
    return {"parameters": int(re.search(r"Total params: (\d+)", text)[1]),
            "trainable": int(re.search(r"Trainable params: (\d+)", text)[1])}  # fmt: skip


def count_thop(model, x):
    import thop

    macs, parameters = thop.profile(model, inputs=(x,), verbose=False)
    return {"parameters": int(parameters), "macs": int(macs)}


def count_fvcore(model, x):
    import logging

    from fvcore.nn import FlopCountAnalysis, parameter_count

    logging.getLogger("fvcore").setLevel(logging.ERROR)
    count = FlopCountAnalysis(model.eval(), x).unsupported_ops_warnings(False)
    count = count.uncalled_modules_warnings(False)
    return {"parameters": parameter_count(model)[""], "macs": int(count.total())}


def count_ptflops(model, x, backend="pytorch"):
    from ptflops import get_model_complexity_info

    tokens = not x.is_floating_point()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        macs, parameters = get_model_complexity_info(
            model, tuple(x.shape[1:]), as_strings=False, backend=backend,
            input_constructor=(lambda shape: {"input": x}) if tokens else None,
            print_per_layer_stat=False,
        )  # fmt: skip
    return {"parameters": int(parameters), "macs": int(macs)}


def count_ptflops_aten(model, x):
    return count_ptflops(model, x, "aten")


def count_calflops(model, x):
    from calflops import calculate_flops

    _, macs, parameters = calculate_flops(
        model, args=[x], output_as_string=False, print_results=False, print_detailed=False
    )
    return {"parameters": int(parameters), "macs": int(macs)}


def count_torch(model, x):
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        model.eval()(x)
    return {"macs": counter.get_total_flops() // 2}


def count_accelerate(model, x):
    from accelerate.commands.estimate import estimate_training_usage
    from accelerate.utils import calculate_maximum_sizes, convert_bytes

    size, _ = calculate_maximum_sizes(model)
    rows = {}
    for dtype, share in (("float32", 1), ("float16", 2), ("int8", 4), ("int4", 8)):
        training = max(estimate_training_usage(size, dtype).values())
        rows[dtype] = [convert_bytes(size / share if share > 1 else size),
                       convert_bytes(training) if training != -1 else "N/A"]  # fmt: skip
    return {"bytes": size, "rows": rows}


COUNTERS = {
    "torchinfo": count_torchinfo,
    "torchsummary": count_torchsummary,
    "thop": count_thop,
    "fvcore": count_fvcore,
    "ptflops": count_ptflops,
    "ptflops_aten": count_ptflops_aten,
    "calflops": count_calflops,
    "flop_counter": count_torch,
    "accelerate": count_accelerate,
}


def measure(tool):
    """What one tool says about every case, printed; a process of its own holds what it changes."""
    found = {}
    for name, (_, make, shape) in CASES.items():
        try:
            found[name] = COUNTERS[tool](make().eval(), make_input(shape))
        except Exception as error:
            found[name] = {"error": f"{type(error).__name__}: {error}"[:120]}
    sys.stdout.write(f"{MARK}{json.dumps(found)}")


def apart(tool):
    run = [sys.executable, __file__, tool]
    text = subprocess.run(run, check=True, capture_output=True, text=True).stdout
    return json.loads(text.rpartition(MARK)[2])


def keras_cases():
    """Networks of Keras, by the text that describes them."""
    import keras
    from keras import layers

    def sequence(shape, *parts):
        return keras.Sequential([keras.Input(shape), *parts])

    def shared():
        enc = layers.Dense(10)
        one = keras.Sequential([keras.Input((10,)), enc])
        two = keras.Sequential([keras.Input((10,)), enc])
        x = keras.Input((10,))
        return keras.Model(x, layers.add([one(x), two(x)]))

    def fixed(model):
        model.layers[0].trainable = False
        return model

    return {
        "10; dense(10); dense(1)": lambda: sequence((10,), layers.Dense(10), layers.Dense(1)),
        "10; dense(10, frozen=true); dense(1)":
            lambda: fixed(sequence((10,), layers.Dense(10), layers.Dense(1))),
        "3x8x8; conv(6, 3); batch_norm; relu; global_avg_pool; dense(2)":
            lambda: sequence((8, 8, 3), layers.Conv2D(6, 3), layers.BatchNormalization(),
                             layers.ReLU(), layers.GlobalAveragePooling2D(), layers.Dense(2)),
        "3x8x8; batch_norm(scale=false); batch_norm(shift=false); batch_norm(affine=false)":
            lambda: sequence((8, 8, 3), layers.BatchNormalization(scale=False),
                             layers.BatchNormalization(center=False),
                             layers.BatchNormalization(scale=False, center=False)),
        "10; add { one: dense(10) | two: use(one) }": shared,
        "12x5; gru(7, biases=2); lstm(3, biases=1)":
            lambda: sequence((12, 5), layers.GRU(7, return_sequences=True),
                             layers.LSTM(3, return_sequences=True)),
        "12x5; dropout; dense(4); layer_norm":
            lambda: sequence((12, 5), layers.Dropout(0.5), layers.Dense(4),
                             layers.LayerNormalization()),
        "6; dense(4, frozen=true); batch_norm(frozen=true); dense(2)":
            lambda: fixed_all(sequence((6,), layers.Dense(4), layers.BatchNormalization(),
                                       layers.Dense(2))),
    }  # fmt: skip


def fixed_all(model):
    for layer in model.layers[:-1]:
        layer.trainable = False
    return model


def count_keras(make):
    model = make()
    lines = []
    model.summary(print_fn=lines.append)
    text = "\n".join(lines).replace(",", "")
    totals = {key: int(re.search(rf"{words} params: (\d+)", text)[1]) for key, words in (
        ("parameters", "Total"), ("trainable", " Trainable"), ("non_trainable", "Non-trainable"),
    )}  # fmt: skip
    return {**totals, "rows": [layer.count_params() for layer in model.layers]}


def record():
    tools = {tool: apart(tool) for tool in COUNTERS}
    cases = [
        {"name": name, "network": text, "tools": {tool: tools[tool][name] for tool in COUNTERS}}
        for name, (text, _, _) in CASES.items()
    ]
    keras = [{"network": text, "keras": count_keras(make)} for text, make in keras_cases().items()]
    versions = {name: version(name) for name in (*TOOLS, "keras")}
    # One case a line keeps the file readable and a change of it small.
    rows = ",\n".join(json.dumps(case) for case in cases)
    more = ",\n".join(json.dumps(case) for case in keras)
    DATA.write_text(
        f'{{"versions": {json.dumps(versions)},\n"cases": [\n{rows}\n],\n"keras": [\n{more}\n]}}\n',
        encoding="utf-8",
    )


if __name__ == "__main__":
    if sys.argv[1:]:
        measure(sys.argv[1])
    else:
        record()
