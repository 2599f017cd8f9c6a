"""Writes small model files with the libraries that own the formats, and what they hold.

Run with torch, onnxscript, safetensors, keras and gguf installed:
`python tests/model/record_stored.py`. Nothing of this is needed to run the tests.
"""

import json
import logging
import os
import warnings
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"
DATA = Path(__file__).parent / "data" / "stored"


def torch_modules():
    """A tied, a recurrent and a convolutional network."""
    import torch
    from torch import nn

    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.emb = nn.Embedding(20, 8)
            self.fc = nn.Linear(8, 8)
            self.head = nn.Linear(8, 20, bias=False)
            self.head.weight = self.emb.weight

        def forward(self, x):
            return self.head(torch.relu(self.fc(self.emb(x))))

    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(64, 64, batch_first=True)

        def forward(self, x):
            return self.lstm(x)[0]

    class Image(nn.Module):
        def __init__(self):
            super().__init__()
            self.c = nn.Conv2d(3, 4, 3)
            self.bn = nn.BatchNorm2d(4)
            self.ln = nn.LayerNorm(4)
            self.scale = nn.Parameter(torch.ones(4))
            self.fc = nn.Linear(4, 2)

        def forward(self, x):
            x = torch.relu(self.bn(self.c(x))).mean((2, 3))
            return self.fc(self.ln(x) * self.scale)

    return Tied(), Recurrent(), Image()


def torch_models():
    """Small modules with an input each; every tensor is random, so that no two are equal."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    tied, recurrent, image = torch_modules()
    mlp = nn.Sequential(
        nn.Linear(100, 100), nn.ReLU(), nn.Linear(100, 20), nn.ReLU(), nn.Linear(20, 1)
    )
    models = {
        "mlp": (mlp, torch.zeros(1, 100)),
        "tied": (tied, torch.zeros(1, 5, dtype=torch.long)),
        "lstm": (recurrent, torch.zeros(1, 7, 64)),
        "image": (image, torch.zeros(2, 3, 8, 8)),
        "encoder": (
            nn.TransformerEncoderLayer(16, 2, 32, batch_first=True).eval(),
            torch.zeros(1, 5, 16),
        ),
    }
    for model, _ in models.values():
        for parameter in model.parameters():
            nn.init.normal_(parameter)
    return models


def record_onnx(truths):
    """Exports by both of torch's exporters; large data is kept apart and only its size recorded."""
    import onnx
    import torch

    mode = torch.onnx.TrainingMode
    for name, (model, example) in torch_models().items():
        count = sum(parameter.numel() for parameter in model.parameters())
        kinds = {"new": {"dynamo": True, "external_data": True, "verbose": False}}
        if name == "tied":
            kinds["old"] = {"dynamo": False, "do_constant_folding": False}
            kinds["folded"] = {"dynamo": False}
        if name == "image":
            kinds = {"old": {"dynamo": False, "training": mode.PRESERVE}}
        for kind, options in kinds.items():
            path = DATA / f"{name}_{kind}.onnx"
            torch.onnx.export(model, (example,), path, **options)
            exported = onnx.load(path, load_external_data=False)
            graph = exported.graph
            # Traces of the exporter name places on the machine it ran on.
            for part in (exported, graph, *graph.node, *graph.value_info):
                part.ClearField("metadata_props")
                part.ClearField("doc_string")
            path.write_bytes(exported.SerializeToString())
            elements = sum(onnx_elements(tensor) for tensor in graph.initializer)
            data = path.with_name(path.name + ".data")
            truths[path.name] = {
                "parameters": count,
                "initializers": elements,
                "data_bytes": data.stat().st_size if data.exists() else 0,
            }
            data.unlink(missing_ok=True)


def onnx_elements(tensor):
    product = 1
    for size in tensor.dims:
        product *= size
    return product


def record_safetensors(truths):
    from safetensors.torch import save_file, save_model

    models = torch_models()
    for name in ("tied", "image"):
        model = models[name][0]
        path = DATA / f"{name}.safetensors"
        save_model(model, str(path)) if name == "tied" else save_file(model.state_dict(), path)
        truths[path.name] = {
            "parameters": sum(parameter.numel() for parameter in model.parameters()),
            "buffers": sum(buffer.numel() for buffer in model.buffers()),
        }


def record_keras(truths):
    import keras

    keras.utils.set_random_seed(0)
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, name="conv")(inputs)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, keras.layers.Dense(2, name="head")(x))
    model.save(DATA / "image.keras")
    (DATA / "keras_config.json").write_text(model.to_json() + "\n")
    truths["image.keras"] = {
        "parameters": model.count_params(),
        "layers": [layer.name for layer in model.layers],
    }


def record_gguf(truths):
    import gguf
    import numpy as np

    path = DATA / "small.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(128)
    writer.add_array("tokenizer.ggml.tokens", ["a", "b", "c"])
    rows = {}
    values = np.random.default_rng(0).standard_normal((4, 256)).astype(np.float32)
    for name in ("F32", "F16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "TQ1_0", "TQ2_0", "BF16"):
        kind = gguf.GGMLQuantizationType[name]
        data = gguf.quants.quantize(values, kind)
        writer.add_tensor(f"blk.0.{name.lower()}.weight", data, raw_dtype=kind)
        rows[f"blk.0.{name.lower()}.weight"] = {"count": values.size, "bytes": int(data.nbytes)}
    writer.add_tensor("rope_freqs.weight", np.ones(16, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    truths[path.name] = {
        "tensors": rows,
        "blocks": {str(int(kind)): list(size) for kind, size in gguf.GGML_QUANT_SIZES.items()},
    }


def main():
    from importlib.metadata import version

    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    DATA.mkdir(exist_ok=True)
    names = ("torch", "onnx", "onnxscript", "safetensors", "keras", "gguf")
    truths = {"versions": {name: version(name) for name in names}}
    for record in (record_onnx, record_safetensors, record_keras, record_gguf):
        record(truths)
    text = json.dumps(truths, indent=1, sort_keys=True) + "\n"
    (DATA / "truths.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
