"""Records the counts of MLP-Mixers in timm, as data for the tests of networks.

Run it with an environment that has timm: `python tests/agreement/record_timm.py`.
"""

import json
from pathlib import Path

DATA = Path(__file__).parent / "data" / "timm_counts.json"
NAMES = {
    "mixer_s_32": "mixer_s32_224",
    "mixer_s_16": "mixer_s16_224",
    "mixer_b_32": "mixer_b32_224",
    "mixer_b_16": "mixer_b16_224",
    "mixer_l_32": "mixer_l32_224",
    "mixer_l_16": "mixer_l16_224",
}
"""Names in the catalogue, and those in timm."""


def record():
    """Write one line for each model."""
    import timm
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    lines = []
    for name, theirs in NAMES.items():
        with torch.device("meta"):
            model = timm.create_model(theirs).eval()
            with FlopCounterMode(display=False) as counter:
                model(torch.empty(1, 3, 224, 224))
        row = {
            "name": theirs,
            "parameters": sum(tensor.numel() for tensor in model.parameters()),
            "buffers": sum(tensor.numel() for tensor in model.buffers()),
            "tensors": sum(1 for _ in model.parameters()),
            "multiply_adds": counter.get_total_flops() // 2,
            "size": 224,
        }
        lines.append(f" {json.dumps(name)}: {json.dumps(row)}")
    made_with = json.dumps({"torch": torch.__version__, "timm": timm.__version__})
    text = f'{{"made_with": {made_with}, "models": {{\n' + ",\n".join(lines) + "\n}}\n"
    DATA.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    record()
